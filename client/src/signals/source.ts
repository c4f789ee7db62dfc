/**
 * One observation of the browser, for the server to judge. A source lives in a file of its own, returns a
 * value that JSON can hold, or nothing where there is nothing to see; it asks the visitor nothing, changes
 * nothing, stays under 50 ms on a slow phone and under 1 KB of JSON. It never judges, and it must not
 * throw; one that does is left out, like one that saw nothing.
 */
export type Source = () => unknown;
