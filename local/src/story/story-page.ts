import { STORY_PAGE } from '../supervisor/checkout.ts';
import type { People } from '../supervisor/people.ts';
import type { StoryConfig } from '../web/story-routes.ts';

/** Who stands side by side on the page of the story. @throws Error when one of them does not live here */
export function storyPage({ logins }: People, passkeys: string): StoryConfig {
  const named = (user: string): StoryConfig['logins']['doctor'] => {
    const login = logins.find((one) => one.user === user);
    if (login === undefined) throw new Error(`There is no test login ${user}.`);
    return login;
  };
  return {
    folder: STORY_PAGE,
    logins: {
      doctor: named('hospital-doctor'),
      patient: named('patient-ada'),
      insurer: named('insurance-agent'),
    },
    passkeys,
  };
}
