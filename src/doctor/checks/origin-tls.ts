/** TLS to the origin: whether its certificate verifies, for which names, for how long. */
import type { Examination } from '../examination.ts';
import { error, ok, type Row, skipped, warning } from '../row.ts';
import type { TlsFacts } from '../tls-facts.ts';
import { counted, daysUntil } from '../words.ts';

const NAME = 'origin TLS';
const SOON_DAYS = 14;

export async function checkOriginTls({ origin, config, machine }: Examination): Promise<Row[]> {
  if (origin.place.protocol === 'http:') return [skipped(NAME, 'the origin is called by plain HTTP')];
  const answer = await origin.page();
  if (!answer.ok || answer.tls === null) return [skipped(NAME, 'the origin gave no answer')];
  const rows = verification(answer.tls, config.originTlsSkipVerify);
  const days = daysUntil(answer.tls.validUntil, machine.clock.now());
  if (days === null || days < 0 || days >= SOON_DAYS) return rows;
  return [
    ...rows,
    warning(NAME, `the certificate ends in ${counted(days, 'day', 'days')}`, 'renew it before it does'),
  ];
}

function verification(tls: TlsFacts, skipVerify: boolean): Row[] {
  const { problem, protocol, names, issuer, asked } = tls;
  if (problem === null) {
    const skips = skipVerify
      ? [
          warning(
            NAME,
            'ORIGIN_TLS_SKIP_VERIFY=true, though the certificate verifies',
            'unset it: nothing is lost, and nobody can answer in the origin’s place',
          ),
        ]
      : [];
    return [ok(NAME, `${protocol}, certificate of ${issuer || 'no issuer'} verified for ${asked}`), ...skips];
  }
  const [what, cure] = explained(problem, { names, asked });
  const found = `the certificate does not verify (${problem}): ${what}`;
  if (!skipVerify) return [error(NAME, found, cure)];
  return [warning(NAME, `${found}; ORIGIN_TLS_SKIP_VERIFY=true takes it all the same`, cure)];
}

function explained(problem: string, { names, asked }: { names: string; asked: string }): [string, string] {
  switch (problem) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        `it is for ${names || 'no name'}, and ${asked} was asked for`,
        'write a name of the certificate in FORWARD_DESTINATION (with HOST_HEADER=client the visitors’ Host goes on all the same)',
      ];
    case 'CERT_HAS_EXPIRED':
      return ['it has expired', 'renew it at the origin'];
    case 'CERT_NOT_YET_VALID':
      return ['it is not valid yet', 'look at the clocks of both machines'];
    default:
      return [
        'nobody whom this machine trusts has signed it',
        'ORIGIN_CA=file.pem with the certificate of the authority that signed it, or the origin’s own where it signed itself',
      ];
  }
}
