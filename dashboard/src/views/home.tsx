import type { JSX } from 'preact';
import type { ApiClient } from '../api/client.ts';
import type { Person } from '../session/session.ts';
import { TEXT } from '../text/en.ts';
import { type Place, type Router, useRouter } from '../ui/router.ts';
import { Accesses } from './accesses/accesses.tsx';
import { CareTeam } from './care-team/care-team.tsx';
import { Chart } from './chart/chart.tsx';
import { Gaps } from './devices/gaps.tsx';
import { PeopleSearch } from './directory/people-search.tsx';
import { Emergency } from './emergency/emergency.tsx';
import { Laboratory } from './laboratory/laboratory.tsx';
import { Ledger } from './ledger/ledger.tsx';
import { MyData } from './my-data/my-data.tsx';
import { Represented } from './my-data/represented.tsx';
import { MyDevices } from './my-devices/my-devices.tsx';
import { PatientList } from './patients/patient-list.tsx';
import { People } from './people/people.tsx';
import { Reviews } from './reviews/reviews.tsx';
import { Shares } from './shares/shares.tsx';
import { Sharing } from './sharing/sharing.tsx';
import { Ward } from './ward/ward.tsx';

export interface HomeProps {
  readonly api: ApiClient;
  readonly person: Person;
  readonly onSignOut: () => void;
  /** Where to begin; the first of their views when left out. */
  readonly start?: Place;
}

/** The frame around every view: who is signed in, what they may see, the way out. */
export function Home({ api, person, onSignOut, start }: HomeProps): JSX.Element {
  const places = placesOf(person);
  const router = useRouter(start ?? places[0]?.place ?? { view: 'devices' });
  return (
    <>
      <a class="skip" href="#content">
        {TEXT.skipToContent}
      </a>
      <header class="top">
        <strong>{TEXT.product}</strong>
        <nav aria-label={TEXT.nav.label}>
          {places.map(({ place, label }) => (
            <button
              key={place.view}
              type="button"
              aria-current={isAt(router.place, place) ? 'page' : undefined}
              onClick={() => {
                router.go(place);
              }}
            >
              {label}
            </button>
          ))}
        </nav>
        <span class="who">
          {person.name} · {TEXT.roles[person.role]}, {TEXT.organizations[person.organization]}
        </span>
        <button type="button" onClick={onSignOut}>
          {TEXT.signOut}
        </button>
      </header>
      <main id="content">
        <View api={api} person={person} router={router} />
      </main>
      <footer class="fine">{TEXT.notADevice}</footer>
    </>
  );
}

/** What a view is given that leads nowhere else. */
type PlainProps = Pick<HomeProps, 'api' | 'person'>;
type PlainView = Exclude<
  Place['view'],
  'patients' | 'ward' | 'chart' | 'ledger' | 'directory' | 'represented'
>;

const PLAIN_VIEWS: { readonly [Name in PlainView]: (props: PlainProps) => JSX.Element } = {
  accesses: ({ api, person }) => <Accesses api={api} patientId={person.subjectId} />,
  sharing: ({ api, person }) => <Sharing api={api} person={person} />,
  shares: ({ api }) => <Shares api={api} />,
  emergency: ({ api }) => <Emergency api={api} />,
  people: ({ api, person }) => <People {...{ api, person }} />,
  devices: ({ api }) => <Gaps api={api} />,
  reviews: ({ api }) => <Reviews api={api} />,
  worklist: ({ api, person }) => <Laboratory {...{ api, person }} />,
  'care-team': ({ api, person }) => <CareTeam {...{ api, person }} />,
  'my-devices': ({ api, person }) => <MyDevices api={api} patientId={person.subjectId} />,
  'my-data': ({ api, person }) => <MyData api={api} patientId={person.subjectId} />,
};

function isPlain(place: Place): place is Extract<Place, { readonly view: PlainView }> {
  return Object.hasOwn(PLAIN_VIEWS, place.view);
}

function View({
  api,
  person,
  router,
}: {
  readonly api: ApiClient;
  readonly person: Person;
  readonly router: Router;
}): JSX.Element {
  const { place, go } = router;
  if (isPlain(place)) return PLAIN_VIEWS[place.view]({ api, person });
  switch (place.view) {
    case 'patients':
      return (
        <PatientList
          api={api}
          onOpen={(patientId) => {
            go({ view: 'chart', patientId, section: 'vitals' });
          }}
        />
      );
    case 'ward':
      return (
        <Ward
          api={api}
          onOpen={(patientId) => {
            go({ view: 'chart', patientId, section: 'vitals' });
          }}
        />
      );
    case 'chart':
      return (
        <Chart
          api={api}
          patientId={place.patientId}
          section={place.section}
          person={person}
          onSection={(section) => {
            go({ ...place, section });
          }}
        />
      );
    case 'represented':
      return (
        <Represented
          onOpen={(patientId) => {
            go({ view: 'chart', patientId, section: 'vitals' });
          }}
        />
      );
    case 'directory':
      return (
        <PeopleSearch
          practitionerId={place.practitionerId}
          onOpen={(practitionerId) => {
            go({ view: 'directory', ...(practitionerId === undefined ? {} : { practitionerId }) });
          }}
        />
      );
    case 'ledger':
      return (
        <Ledger
          api={api}
          at={place.at}
          onOpen={(at) => {
            go({ view: 'ledger', at });
          }}
        />
      );
  }
}

interface NamedPlace {
  readonly place: Place;
  readonly label: string;
}

/** What a person may do decides what is there; whether it is done, the contract decides. */
function placesOf(person: Person): NamedPlace[] {
  return [...ownPlaces(person), { place: { view: 'directory' }, label: TEXT.places.directory }];
}

function ownPlaces({ role, subjectId }: Person): NamedPlace[] {
  switch (role) {
    case 'doctor':
    case 'nurse':
      return [
        { place: { view: 'patients' }, label: TEXT.nav.patients },
        { place: { view: 'ward' }, label: TEXT.nav.ward },
      ];
    case 'patient':
      return [
        {
          place: { view: 'chart', patientId: subjectId, section: 'vitals' },
          label: TEXT.nav.record,
        },
        { place: { view: 'accesses' }, label: TEXT.nav.accesses },
        { place: { view: 'sharing' }, label: TEXT.nav.sharing },
        { place: { view: 'care-team' }, label: TEXT.places.careTeam },
        { place: { view: 'my-devices' }, label: TEXT.places.myDevices },
        { place: { view: 'my-data' }, label: TEXT.places.myData },
      ];
    case 'administrator':
      return [
        { place: { view: 'devices' }, label: TEXT.nav.devices },
        { place: { view: 'people' }, label: TEXT.nav.people },
        { place: { view: 'reviews' }, label: TEXT.places.reviews },
        { place: { view: 'ledger', at: '' }, label: TEXT.nav.ledger },
      ];
    case 'insurance-agent':
      return [{ place: { view: 'shares' }, label: TEXT.nav.shares }];
    case 'emergency-medic':
      return [{ place: { view: 'emergency' }, label: TEXT.nav.emergency }];
    case 'representative':
      return [{ place: { view: 'represented' }, label: TEXT.places.represented }];
    case 'laboratory':
      return [{ place: { view: 'worklist' }, label: TEXT.places.worklist }];
  }
}

function isAt(here: Place, place: Place): boolean {
  if (here.view === place.view) return true;
  return here.view === 'chart' && (place.view === 'patients' || place.view === 'represented');
}
