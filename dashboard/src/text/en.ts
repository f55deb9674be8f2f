/** Every word on the page, in one place. */
export const TEXT = {
  product: 'Pulseledger',
  tagline: 'A medical record that no single party owns',
  notADevice: 'Not a medical device. Do not rely on it for alarms that a life depends on.',
  signIn: 'Sign in',
  signOut: 'Sign out',
  signedOut: 'You are signed out. Nothing of your session is kept in this browser.',
  idle: 'You were away for ten minutes, so you were signed out.',
  signInFailed: 'The sign-in did not work. Try again.',
  loading: 'Loading …',
  tryAgain: 'Try again',
  skipToContent: 'Skip to the content',
} as const;
