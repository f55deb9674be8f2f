/** Words of the story's frames; the page itself never shows them. */
export const STORY_TEXT = {
  starting: 'Signing in …',
  failed: 'The sign-in did not work. Is the system still running? Reload the page.',
  out: 'Signed out.',
  signIn: 'Sign in again',
  phone: {
    title: 'Ada’s phone',
    ask: 'Agree with your fingerprint?',
    why: 'Ada is made up and has no phone: the story keeps her passkey in software. The contract verifies it like any other.',
    agree: 'Agree',
    refuse: 'Not now',
  },
} as const;
