/** A real nginx with one worker: as the origin, and as the candidate that everybody knows. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findProgram } from '../../test/support/needs.ts';
import type { Candidate, Setting } from './candidates.ts';
import { peerSnippet } from './pages.ts';
import { answers } from './wait.ts';

/** In nginx's configuration a parameter has at most 4,096 bytes. */
const PARAMETER_BYTES = 4_000;

type Nginx = { port: number; pid: number; stop(): Promise<void> };

/** `http` is what stands in the http block besides the usual; `{PORT}` in it becomes a free port. */
async function startNginx(folder: string, http: string): Promise<Nginx> {
  mkdirSync(folder);
  const port = await freePort();
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(configuration, configurationOf(folder, http.replaceAll('{PORT}', String(port))));
  const child = spawn(findProgram('nginx')!, ['-c', configuration, '-p', folder, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await answers(port);
  const worker = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' });
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  };
  return { port, pid: Number(worker), stop };
}

const configurationOf = (folder: string, http: string) => `
daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${folder}/nginx.pid; error_log stderr error;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 8192; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  ${http}
}`;

/**
 * Serves the folder: what lies beside a `.gz` goes out as gzip to those who take it. Pages are marked as a
 * signed-in visitor's are, so that they are personal. Without `gzip_proxied` nginx compresses nothing for who sends Via.
 */
export async function startOrigin(folder: string, root: string): Promise<{ url: string } & Nginx> {
  const nginx = await startNginx(
    folder,
    `sendfile on; tcp_nopush on; open_file_cache max=20000 inactive=1h; open_file_cache_valid 1h;
     server { listen 127.0.0.1:{PORT} backlog=4096; root ${root}; gzip_static on; gzip_proxied any;
       location ~ \\.html$ { add_header Cache-Control "private, no-cache"; } }`,
  );
  return { url: `http://127.0.0.1:${nginx.port}`, ...nginx };
}

/** Debian's defaults, but for what a proxy needs: connections to the origin are kept, upgrades pass. */
export async function startNginxCandidate(folder: string, setting: Setting): Promise<Candidate> {
  const { tls, origin } = setting;
  const listen = tls === null ? '' : `ssl http2; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}`;
  const nginx = await startNginx(
    folder,
    `upstream origin { server ${origin.replace('http://', '')}; keepalive 1024; keepalive_requests 1000000000; }
     map $http_upgrade $connection_to_origin { default upgrade; '' ''; }
     server { listen 127.0.0.1:{PORT} backlog=4096 ${listen}; ${insertionOf(setting)}
       location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Host $host;
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_to_origin;
         proxy_set_header X-Forwarded-For $remote_addr; ${setting.html === 'no' ? '' : 'proxy_set_header Accept-Encoding "";'} } }`,
  );
  const scheme = tls === null ? 'http' : 'https';
  return { name: 'nginx', url: `${scheme}://127.0.0.1:${nginx.port}`, ...nginx, admin: null };
}

/** nginx cannot edit gzip: it asks the origin for identity, and compresses what comes of it. */
function insertionOf({ html }: Setting): string {
  if (html === 'no') return '';
  const parts = peerSnippet().match(new RegExp(`[^]{1,${PARAMETER_BYTES}}`, 'g'))!;
  const sets = parts.map((part, n) => `set $snippet${n} '${part}';`).join('\n');
  const snippet = parts.map((_, n) => `\${snippet${n}}`).join('');
  const gzip = html === 'gzip' ? 'gzip on; gzip_comp_level 1; gzip_proxied any;' : '';
  return `${sets}\nsub_filter '</body>' '${snippet}</body>'; ${gzip}`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
