import http from 'node:http';
import https from 'node:https';
import { FIELDS, type Field } from '../config/fields.ts';
import type { Context } from './context.ts';
import { settingsOf } from './read-config.ts';

const TIMEOUT_MS = 3000;

/**
 * Asks the instance that runs with this environment for `/healthz`: exit code 0 when it answers 200, 1 when it
 * does not. Needs no shell, no curl and no secret.
 */
export async function healthcheck(context: Context): Promise<number> {
  const { print, printError } = context;
  const settings = settingsOf(context);
  const textOf = (field: Field & { readonly default: string }) => settings.find(field).text ?? field.default;
  const address = FIELDS.serverAddr.parse(textOf(FIELDS.serverAddr));
  const prefix = FIELDS.pathPrefix.parse(textOf(FIELDS.pathPrefix));
  const secure = FIELDS.enableHttps.parse(textOf(FIELDS.enableHttps));
  for (const { name, message } of settings.problems) printError(`gotrack: ${name} ${message}`);
  if (settings.problems.length > 0) return 2;
  if (!address.ok || !prefix.ok || !secure.ok) {
    if (!secure.ok) printError(`gotrack: ENABLE_HTTPS: expected ${secure.expected}`);
    if (!address.ok) printError(`gotrack: SERVER_ADDR: expected ${address.expected}`);
    if (!prefix.ok) printError(`gotrack: PATH_PREFIX: expected ${prefix.expected}`);
    return 2;
  }
  const { host, port } = address.value;
  const url = `http${secure.value ? 's' : ''}://${reachable(host)}:${port}${prefix.value}/healthz`;
  try {
    const status = await statusOf(url);
    print(`${status === 200 ? 'healthy' : 'unhealthy'}: ${url} answers ${status}`);
    return status === 200 ? 0 : 1;
  } catch (error) {
    printError(`unhealthy: ${url}: ${(error as Error).message}`);
    return 1;
  }
}

/** The certificate names the site, not the address that we call on this machine: it is not verified. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      rejectUnauthorized: false,
      agent: false as const,
    };
    const request = (url.startsWith('https:') ? https : http).get(url, options, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    request.on('error', reject);
  });
}

/** An address to call where one to listen on was given. */
function reachable(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
