// The parameters and the results of a script: one JSON object per line.

import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';

export const world = JSON.parse(await readFile(process.argv[2], 'utf8'));

/** Time limit of one cell, in milliseconds. */
const CELL_MS = 40_000;

export function versionOf(module) {
  return JSON.parse(readFileSync(new URL(`node_modules/${module}/package.json`, import.meta.url))).version;
}

export function tellVersion(version) {
  process.stdout.write(`${JSON.stringify({ version })}\n`);
}

/** Runs one cell. An exception is its failure; later cells may use its result. */
export async function cell(name, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${CELL_MS} ms`)), CELL_MS);
  });
  let problem = null;
  let value;
  try {
    value = await Promise.race([work(), late]);
  } catch (error) {
    problem = describe(error);
  }
  clearTimeout(timer);
  process.stdout.write(`${JSON.stringify({ cell: name, problem })}\n`);
  return value;
}

/** An error with its causes, and with the response body if the library provides it. */
function describe(error) {
  const lines = [String(error?.stack ?? error)];
  for (const key of ['code', 'error', 'error_description', 'status']) {
    if (error?.[key] !== undefined) lines.push(`${key}: ${error[key]}`);
  }
  if (error?.cause !== undefined && error.cause !== error) {
    lines.push(`cause: ${error.cause instanceof Error ? describe(error.cause) : JSON.stringify(error.cause)}`);
  }
  return lines.join('\n');
}
