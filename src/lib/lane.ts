/** Runs jobs one after another, in the order in which they were handed in. */
export type Lane = <T>(job: () => Promise<T>) => Promise<T>;

/** Makes a lane of its own. A job that fails does not keep the next one from running. */
export function createLane(): Lane {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(ignore);
    return result;
  };
}

/** Whoever handed the job in has its failure; the lane only needs to know that it is over. */
function ignore(): void {}
