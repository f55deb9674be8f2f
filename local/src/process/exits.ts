/** A disk that refuses a write leaves the queue's database unusable until it is opened again. */
export const EXIT_DISK = 74;

/** AWS ends the process of a function that timed out; the supervisor starts this one again. */
export const EXIT_TIMED_OUT = 75;
