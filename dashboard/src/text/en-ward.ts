/** Words of the live ward. */
export const WARD_TEXT = {
  ward: {
    title: 'Live ward',
    intro:
      'The newest vital signs of several patients on one screen. Showing them opens the vital signs of each: an entry that the patient sees.',
    who: 'Whom to show',
    all: 'Everybody',
    show: 'Open and show live',
    choose: 'Choose others',
    waiting: 'waiting for values',
    refused: 'not shown: you may not read these vital signs',
  },
} as const;
