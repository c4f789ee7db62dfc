/** Flags that belong to one command, apart from those of the configuration, which every command takes. */
import type { Context } from './context.ts';

export type OwnFlags<Name extends string> = {
  values: { readonly [Key in Name]?: string };
  /** The context without them. */
  context: Context;
};

export function takeFlags<const Name extends string>(
  context: Context,
  names: readonly Name[],
): OwnFlags<Name> {
  const isOwn = (name: string) => (names as readonly string[]).includes(name);
  const entries = Object.entries(context.args.flags);
  const values = Object.fromEntries(entries.filter(([name]) => isOwn(name))) as OwnFlags<Name>['values'];
  const flags = Object.fromEntries(entries.filter(([name]) => !isOwn(name)));
  return { values, context: { ...context, args: { ...context.args, flags } } };
}
