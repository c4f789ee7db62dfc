/** Apache Kafka's jars, fetched once by Maven into a folder that git ignores. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from './needs.ts';

const KAFKA = '4.3.0';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/gotrack-kafka/', import.meta.url));
const JARS = join(CACHE, KAFKA);
const run = promisify(execFile);

/** Why this machine cannot run a broker, or null. */
export function kafkaMissing(): string | null {
  if (findProgram('java') === null) return 'no java on this machine (Debian: default-jre-headless)';
  if (findProgram('openssl') === null) return 'no openssl on this machine';
  if (existsSync(JARS) || findProgram('mvn') !== null) return null;
  return 'no mvn on this machine (Debian: maven)';
}

/** The class path. Test files that ask at the same time each fetch their own, and the first one stays. */
export async function kafkaClassPath(): Promise<string> {
  if (!existsSync(JARS)) await fetchJars();
  return join(JARS, '*');
}

async function fetchJars(): Promise<void> {
  const folder = join(CACHE, `fetch-${process.pid}`);
  const jars = join(folder, 'jars');
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, 'pom.xml'), POM);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`];
    await run(findProgram('mvn')!, ['-q', '-B', '-f', join(folder, 'pom.xml'), ...goal]);
    if (!existsSync(JARS)) renameSync(jars, JARS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>gotrack</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA}</version></dependency>
  </dependencies>
</project>`;
