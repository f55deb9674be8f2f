/** `npm run bench:fhir`: the API beside a FHIR server that keeps everything in memory. */
import { parseArguments, USAGE } from './arguments.ts';
import { toTable } from './report.ts';
import { runFhirBench } from './run.ts';

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

try {
  const options = parseArguments(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const report = await runFhirBench(options, say);
    process.stdout.write(`${toTable(report.rows)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  process.exit(0);
} catch (error) {
  say(`bench:fhir: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
}
