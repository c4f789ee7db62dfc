/** A real nginx that serves a folder, gzip on, on a free port: a site that nobody here wrote. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findProgram } from './needs.ts';
import { tempFolder } from './temp.ts';

export const nginxMissing = () =>
  findProgram('nginx') === null ? 'no nginx on this machine (Debian: nginx-light)' : null;

/** `directives` go into the server block, `around` into the http block around it. */
export async function startNginx(
  root: string,
  directives = '',
  around = '',
): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = tempFolder();
  const port = await freePort();
  const configuration = join(folder.path, 'nginx.conf');
  writeFileSync(configuration, configurationOf({ root, folder: folder.path, port, directives, around }));
  const child = spawn(findProgram('nginx')!, ['-c', configuration, '-p', folder.path, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(url);
  return {
    url,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      folder.remove();
    },
  };
}

type Site = { root: string; folder: string; port: number; directives: string; around: string };

const configurationOf = ({ root, folder, port, directives, around }: Site) => `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr warn; ${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi; client_max_body_size 0;
  gzip on; gzip_vary on; gzip_types text/css application/javascript; sendfile on;
  ${around}
  server { listen 127.0.0.1:${port}; root ${root}; ${directives} }
}`;

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
