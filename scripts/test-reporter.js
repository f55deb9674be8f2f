// Jest reporter: collects what scripts/test.ts prints at the end, above all why a test was skipped.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const reason = /\(skipped: ([^)]+)\)/;

export default class TestReporter {
  onRunComplete(_contexts, results) {
    const skipped = [];
    for (const suite of results.testResults) {
      for (const test of suite.testResults) {
        if (test.status === 'pending' || test.status === 'todo') {
          skipped.push({ test: test.fullName, reason: reason.exec(test.fullName)?.[1] ?? null });
        }
      }
    }
    const file = process.env.PULSE_TEST_RESULT;
    mkdirSync(dirname(file), { recursive: true });
    const broken = results.testResults.filter((suite) => suite.testExecError).length;
    writeFileSync(
      file,
      JSON.stringify({
        passed: results.numPassedTests,
        failed: results.numFailedTests + broken,
        skipped,
      }),
    );
  }
}
