/** The value of one series of the metrics page, such as `gotrack_drops_total{reason="rate"}`; 0 where it is not there. */
export async function metricOf(admin: string, series: string): Promise<number> {
  const page = await (await fetch(`${admin}/metrics`)).text();
  const line = page.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
