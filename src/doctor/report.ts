/** The findings as one document, for people (table) and for programs (JSON). */
import type { Finding } from './doctor.ts';
import { LEVELS, type Level } from './row.ts';

/** The JSON of `--json`. Fields are added, never renamed or removed, under one name of the schema. */
export type Report = {
  readonly schema: 'gotrack.doctor/1';
  /** RFC 3339. */
  readonly at: string;
  readonly version: string;
  /** The page that was looked at; null where the configuration could not be used. */
  readonly page: string | null;
  /** FORWARD_DESTINATION; null as above. */
  readonly origin: string | null;
  /** 0: nothing wrong but notes and, without --strict, warnings; 1: something is; 2: the configuration cannot be used. */
  readonly exit_code: 0 | 1 | 2;
  readonly summary: Readonly<Record<Level, number>>;
  readonly findings: readonly Finding[];
};

export type ReportFacts = Pick<Report, 'at' | 'version' | 'page' | 'origin'> & {
  readonly findings: readonly Finding[];
  /** --strict: warnings count as errors. */
  readonly strict: boolean;
};

export function reportOf({ findings, strict, ...facts }: ReportFacts): Report {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const summary = Object.fromEntries(LEVELS.map((level) => [level, count(level)])) as Record<Level, number>;
  const wrong = summary.error > 0 || (strict && summary.warning > 0);
  const exit_code = facts.origin === null ? 2 : wrong ? 1 : 0;
  const ordered = findings.map(({ check, name, level, found, cure }) => ({
    check,
    name,
    level,
    found,
    cure,
  }));
  return { schema: 'gotrack.doctor/1', ...facts, exit_code, summary, findings: ordered };
}

/** In ASCII: what a server said may hold characters that steer a terminal. */
export function jsonOf(report: Report): string {
  return JSON.stringify(report, null, 2).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
