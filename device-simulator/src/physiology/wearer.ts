import { Prng } from '../prng.ts';
import { type EpisodeStrengths, Episodes, type SureEpisode } from './episodes.ts';

/** What is true of the wearer at a moment, before the sensor rounds it. */
export interface VitalState {
  /** Beats a minute. */
  readonly heartRate: number;
  /** Standard deviation of R-R intervals, ms. */
  readonly sdnn: number;
  /** Percent. */
  readonly oxygenSaturation: number;
  /** Breaths a minute. */
  readonly respiratoryRate: number;
  /** Degrees Celsius. */
  readonly bodyTemperature: number;
  /** Degrees Celsius. */
  readonly skinTemperature: number;
  /** mm[Hg]. */
  readonly systolic: number;
  readonly diastolic: number;
  /** 0 asleep or still … 1 as hard as this person can. */
  readonly activity: number;
  readonly stepsPerMinute: number;
  /** Does the optical sensor touch the skin? */
  readonly contact: boolean;
  /** Is the device on the body at all? */
  readonly worn: boolean;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Longest step of the model; a longer silence is bridged in one step of this length. */
const LONGEST_STEP_S = 600;

/** What makes one person unlike another. */
interface Traits {
  readonly restingHeartRate: number;
  readonly maximumHeartRate: number;
  readonly sdnn: number;
  readonly oxygenSaturation: number;
  readonly respiratoryRate: number;
  readonly bodyTemperature: number;
  readonly skinTemperature: number;
  readonly systolic: number;
  readonly diastolic: number;
  /** Hour of civil time at which the person is most awake. */
  readonly acrophaseHour: number;
  readonly liveliness: number;
}

function drawTraits(random: Prng): Traits {
  const age = random.between(22, 82);
  return {
    restingHeartRate: 62 + 7 * random.normal(),
    maximumHeartRate: 208 - 0.7 * age,
    sdnn: Math.max(18, 75 - 0.6 * age + 8 * random.normal()),
    oxygenSaturation: Math.min(99, 97.4 + 0.6 * random.normal()),
    respiratoryRate: 14.5 + 1.6 * random.normal(),
    bodyTemperature: 36.7 + 0.18 * random.normal(),
    skinTemperature: 33.2 + 0.7 * random.normal(),
    systolic: 108 + 0.35 * age + 8 * random.normal(),
    diastolic: 72 + 0.08 * age + 5 * random.normal(),
    acrophaseHour: random.between(14, 18),
    liveliness: random.between(0.6, 1.4),
  };
}

/** A value that follows its target with a time constant, as organs do. */
class Lagging {
  value: number;
  readonly #tauSeconds: number;

  constructor(start: number, tauSeconds: number) {
    this.value = start;
    this.#tauSeconds = tauSeconds;
  }

  follow(target: number, seconds: number): number {
    this.value += (target - this.value) * (1 - Math.exp(-seconds / this.#tauSeconds));
    return this.value;
  }
}

/** Slow wandering around 0 with standard deviation 1 (an Ornstein-Uhlenbeck process). */
class Wander {
  #value: number;
  readonly #tauSeconds: number;
  readonly #random: Prng;

  constructor(random: Prng, tauSeconds: number) {
    this.#random = random;
    this.#tauSeconds = tauSeconds;
    this.#value = random.normal();
  }

  next(seconds: number): number {
    const keep = Math.exp(-seconds / this.#tauSeconds);
    this.#value = keep * this.#value + Math.sqrt(1 - keep * keep) * this.#random.normal();
    return this.#value;
  }
}

/**
 * One simulated wearer. All signs follow from the same causes (time of day, sleep, activity, fever,
 * an arrhythmia, a drop of oxygen), so that they move together as in a person: heart rate rises with
 * activity, with temperature (about 9 beats per degree) and when oxygen falls; variability falls as
 * heart rate rises; breathing follows effort and oxygen. Same label and same moments give the same
 * states.
 */
export class Wearer {
  readonly #random: Prng;
  readonly #traits: Traits;
  readonly #episodes: Episodes;
  readonly #zoneOffsetMs: number;
  readonly #restlessness: Wander;
  readonly #pulseWander: Wander;
  readonly #breathWander: Wander;
  readonly #pressureWander: Wander;
  readonly #heartRate: Lagging;
  readonly #breath: Lagging;
  readonly #oxygen: Lagging;
  readonly #core: Lagging;
  readonly #skin: Lagging;
  #atMs: number;

  /**
   * @param label Seed of this wearer, e.g. `seed/device/3`.
   * @param zoneOffsetMinutes Where the wearer lives: sleep follows civil time.
   * @param sure What surely happens to the wearer.
   */
  constructor(
    label: string,
    startMs: number,
    zoneOffsetMinutes: number,
    sure: readonly SureEpisode[] = [],
  ) {
    const random = new Prng(label);
    this.#random = random;
    const traits = drawTraits(random);
    this.#traits = traits;
    this.#episodes = new Episodes(random, startMs, sure);
    this.#zoneOffsetMs = zoneOffsetMinutes * MINUTE_MS;
    this.#restlessness = new Wander(random, 240);
    this.#pulseWander = new Wander(random, 20);
    this.#breathWander = new Wander(random, 45);
    this.#pressureWander = new Wander(random, 1_800);
    this.#heartRate = new Lagging(traits.restingHeartRate, 25);
    this.#breath = new Lagging(traits.respiratoryRate, 20);
    this.#oxygen = new Lagging(traits.oxygenSaturation, 12);
    this.#core = new Lagging(traits.bodyTemperature, 900);
    this.#skin = new Lagging(traits.skinTemperature, 300);
    this.#atMs = startMs;
  }

  /** The state at a moment; moments must not go backwards. */
  at(atMs: number): VitalState {
    const seconds = Math.min(LONGEST_STEP_S, Math.max(0, atMs - this.#atMs) / 1_000);
    this.#atMs = atMs;
    const episodes = this.#episodes.at(atMs);
    const day = this.#timeOfDay(atMs);
    const activity = this.#activity(day, episodes, seconds);
    const core = this.#core.follow(this.#coreTarget(day, activity, episodes), seconds);
    const oxygen = this.#oxygen.follow(
      this.#traits.oxygenSaturation - 14 * episodes.desaturation - 1.2 * activity,
      seconds,
    );
    const heartRate = this.#pulse(day, activity, core, oxygen, episodes, seconds);
    return {
      heartRate,
      sdnn: this.#variability(heartRate, day),
      oxygenSaturation: Math.min(100, oxygen + 0.25 * this.#random.normal()),
      respiratoryRate: this.#breathing(day, activity, core, oxygen, seconds),
      bodyTemperature: core + 0.01 * this.#random.normal(),
      skinTemperature: this.#skinTemperature(activity, core, seconds),
      ...this.#bloodPressure(day, activity, seconds),
      activity,
      stepsPerMinute: activity < 0.12 ? 0 : 40 + 130 * activity,
      contact: episodes.sensorLoose === 0 && episodes.sensorRemoved === 0,
      worn: episodes.sensorRemoved === 0,
    };
  }

  /** Circadian drive (-1 … 1, highest in the afternoon) and depth of sleep (0 … 1). */
  #timeOfDay(atMs: number): { drive: number; sleep: number } {
    const hour = ((atMs + this.#zoneOffsetMs) % (24 * HOUR_MS)) / HOUR_MS;
    const drive = Math.cos((2 * Math.PI * (hour - this.#traits.acrophaseHour)) / 24);
    return { drive, sleep: 1 / (1 + Math.exp((drive + 0.55) * 12)) };
  }

  #activity(
    day: { drive: number; sleep: number },
    episodes: EpisodeStrengths,
    seconds: number,
  ): number {
    const wander = this.#restlessness.next(seconds);
    const everyday = Math.max(0, 0.1 * this.#traits.liveliness * (wander + 0.4 * day.drive));
    const awake = everyday * (1 - day.sleep);
    return Math.min(1, Math.max(awake, episodes.exercise * (1 - day.sleep)));
  }

  #coreTarget(day: { drive: number }, activity: number, episodes: EpisodeStrengths): number {
    return this.#traits.bodyTemperature + 0.35 * day.drive + 0.9 * activity + 2.8 * episodes.fever;
  }

  #pulse(
    day: { drive: number; sleep: number },
    activity: number,
    core: number,
    oxygen: number,
    episodes: EpisodeStrengths,
    seconds: number,
  ): number {
    const { restingHeartRate, maximumHeartRate, bodyTemperature } = this.#traits;
    const effort = 0.85 * (maximumHeartRate - restingHeartRate) * activity ** 0.8;
    const warmth = 9 * Math.max(0, core - bodyTemperature - 0.4);
    const hypoxia = 1.3 * Math.max(0, 94 - oxygen);
    const target = restingHeartRate + 4 * day.drive - 6 * day.sleep + effort + warmth + hypoxia;
    const sinus = this.#heartRate.follow(target, seconds);
    const arrhythmia = 65 * episodes.tachycardia;
    const wander = (2.2 - 1.5 * activity) * this.#pulseWander.next(seconds);
    return Math.min(maximumHeartRate + 15, sinus + arrhythmia + wander);
  }

  /** Variability falls steeply as heart rate rises and is highest in sleep. */
  #variability(heartRate: number, day: { sleep: number }): number {
    const above = Math.max(0, heartRate - this.#traits.restingHeartRate);
    const value = this.#traits.sdnn * Math.exp(-above / 35) * (1 + 0.25 * day.sleep);
    return Math.max(3, value + 1.2 * this.#random.normal());
  }

  #breathing(
    day: { sleep: number },
    activity: number,
    core: number,
    oxygen: number,
    seconds: number,
  ): number {
    const { respiratoryRate, bodyTemperature } = this.#traits;
    const target =
      respiratoryRate -
      2 * day.sleep +
      24 * activity +
      2.5 * Math.max(0, core - bodyTemperature - 0.4) +
      0.7 * Math.max(0, 94 - oxygen);
    return this.#breath.follow(target, seconds) + 0.5 * this.#breathWander.next(seconds);
  }

  #skinTemperature(activity: number, core: number, seconds: number): number {
    const { skinTemperature, bodyTemperature } = this.#traits;
    const target = skinTemperature + 0.6 * (core - bodyTemperature) - 1.4 * activity;
    return this.#skin.follow(target, seconds) + 0.02 * this.#random.normal();
  }

  #bloodPressure(
    day: { drive: number; sleep: number },
    activity: number,
    seconds: number,
  ): { systolic: number; diastolic: number } {
    const wander = this.#pressureWander.next(seconds);
    const systolic =
      this.#traits.systolic + 5 * day.drive - 8 * day.sleep + 55 * activity + 5 * wander;
    const diastolic =
      this.#traits.diastolic + 3 * day.drive - 5 * day.sleep + 8 * activity + 3 * wander;
    return { systolic, diastolic: Math.min(diastolic, systolic - 18) };
  }
}
