#!/usr/bin/env node
// Plain JavaScript that older Nodes read too, so that they can say what is missing.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  await import('../src/main.ts');
} else {
  process.stderr.write(
    `pulse cannot run.\nThis is Node ${process.versions.node}, and pulse needs 24.\n` +
      'In the checkout, run: node scripts/setup.js && npx pulse doctor\n',
  );
  process.exitCode = 1;
}
