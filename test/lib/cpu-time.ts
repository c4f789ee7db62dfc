/** Milliseconds of CPU that this process has used: on a busy machine a bound on it holds where a clock lies. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
