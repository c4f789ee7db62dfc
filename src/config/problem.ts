/** Why a configuration cannot be used: what somebody wrote, and a sentence that goes on from its name. */
export type Problem = { name: string; message: string };
