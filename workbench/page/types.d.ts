// What the page's files hand to one another, beside what the phone's do (../phone/types.d.ts). For
// the type checker only; no browser loads this.

/** A sentence in both languages. */
type Both = { zh: string; en: string };
/** A sentence; or a key of words.ui; or what is the same in both languages. */
type Phrase = Both | string | number;

/** What the server put into the page. */
type Words = {
  lanes: Record<string, Both>;
  steps: Record<string, Both>;
  ui: Record<string, Both>;
  chapters: Chapter[];
  morals: Record<string, Both>;
  seals: Record<string, Both>;
  fields: Field[];
  /** Why a user_type has no nickname. */
  nameless: Record<string, Both>;
  glosses: Record<string, string>;
  /** How the parts of an opened step are titled, in their order. */
  parts: (Both & { name: string })[];
  parameters: Record<string, Both>;
  args: Record<string, Both>;
  faults: Fault[];
  fault_groups: Record<string, Both>;
  /** Which faults to start with, by their names. */
  first_faults: string[];
};
type Chapter = Both & {
  do: Both;
  see: Both;
  why: Both;
  /** A selector of what to press in the page. */
  at?: string;
  /** The phone's buttons that lead there, in their order. */
  tap?: string[];
  /** In which state it begins. */
  from?: string;
};
type Field = Both & {
  name: string;
  source: string;
  /** A key of words.ui: why it may be empty. */
  empty?: string;
  values?: Record<string, Both>;
};
/** What stands in an element; what is empty is left out. */
type Child = Node | string | number | boolean | null | undefined;
type Children = (Child | (Child | (Child | Child[])[])[])[];
type Parts = (Child | Child[])[];
type Fill = <Kind extends Element>(node: Kind, ...children: Children) => Kind;
type Make = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties?: object,
  ...children: Children
) => HTMLElementTagNameMap[Tag];
/** The page's elements that are more than an HTMLElement. */
type Special = {
  drive: HTMLButtonElement;
  error: HTMLDialogElement;
  'fault-search': HTMLInputElement;
  more: HTMLDetailsElement;
  next: HTMLButtonElement;
  people: HTMLDetailsElement;
  phone: HTMLIFrameElement;
  words: HTMLTemplateElement;
};
type Find = <Id extends string>(id: Id) => Id extends keyof Special ? Special[Id] : HTMLElement;
type Closest = (event: Event, selector: string) => HTMLElement | null;
type Ask = (method: string, path: string, body?: object) => Promise<any>;

/** Every element of the page is HTML. */
interface ParentNode {
  querySelector(selector: string): HTMLElement | null;
  querySelectorAll(selector: string): NodeListOf<HTMLElement>;
}

/** What the parts of the page tell each other, by name. */
type News = {
  /** A step has come. */
  step: Step;
  /** A step was completed. */
  changed: Step;
  /** A call of the phone has returned. */
  phone: Return;
  /** What is switched on, and when that was asked, in milliseconds. */
  on: { fault?: string | null; asked: number };
  /** Whom the trusting server takes the phone's person for. */
  naive: Member | null;
  /** It was fooled: by a nickname, or into taking the person for somebody else. */
  fooled: void;
  /** Another choice; the phone starts anew; another fault; the trace is empty; all is forgotten. */
  state: void;
  restart: void;
  fault: void;
  cleared: void;
  reset: void;
};
type Tell = <Name extends keyof News>(name: Name, detail?: News[Name]) => void;
type Listen = <Name extends keyof News>(name: Name, hear: (detail: News[Name]) => void) => void;

/** One step of the trace; trace.py has those of the server. */
type Step = RequestStep | OtherStep;
type RequestStep = Common & { kind: 'request'; title: string; outcome: number };
type OtherStep = Common & {
  kind:
    | 'call'
    | 'decision'
    | 'refused'
    | 'taps'
    | 'exchange'
    | 'message'
    | 'store'
    | 'action'
    | 'arrival';
  title: Both | string;
  /** A key of words.ui. */
  outcome: string;
};
type Common = {
  /** Its number on the server; the phone's have none. */
  n?: number;
  /** In seconds. */
  at: number;
  lane: string;
  /** The key of its sentence in words.steps. */
  says: string;
  /** Its sentence, where none of the keys is meant. */
  meaning?: Both;
  /** What a call of the phone and all that the server did for it have in common. */
  trace?: string;
  /** What triggered it: something done in the phone, or a key of words.ui. */
  trigger?: Deed | string | null;
  function?: string;
  frames?: Frame[];
  error?: Problem | null;
  elapsed_ms?: number;
  curl?: string;
  /** Of a call: its my.*, what it was given, what it gave. */
  api?: string;
  args?: Options;
  result?: any;
  /** Of a request: its JSON. */
  answer?: any;
  /** Of a write: the rows that it changed, as they are now. */
  after?: Member[];
  verified?: boolean;
};
type Problem = { code: string; message?: Phrase; hint?: Both; report?: Phrase };
type See = (step: Step) => void;
/** A call of the phone has returned. */
type Return = {
  trace: string;
  api: string;
  outcome: string;
  result: any;
  error?: Problem;
};
/** What somebody did, and the steps that followed. */
type Group = {
  trigger: Deed | string;
  /** When it was done in the phone. */
  moment?: number;
  at: number;
  element: HTMLElement;
  list: HTMLElement;
  /** Shows the small steps, too. */
  more: HTMLElement;
  steps: Step[];
};
/** Which group what somebody did belongs to. */
type FindGroup = (trigger: Deed | string, at: number) => Group;
/** Where a step stands. */
type Place = { row: HTMLElement; group: Group };
type Turn = (on: boolean) => void;
/** What one tab tells the others. */
type TabNews = {
  hello?: boolean;
  before?: Step[];
  step?: Step;
  end?: Return;
  cleared?: boolean;
};
type Point = { key?: string; sign_type: string; bytes: number; verdict: string };
type Raw = { before: string; signed: string; after: string };
type Diff = [sign: string, field: string, value: any][];
/** Draws one part of an opened step. */
type DrawPart = (value: any, step: Step, part: string) => HTMLElement;

/** A member as the API shows one, or as the phone's client read one. */
type Member = Record<string, any>;
/** What the contrast shows. */
type Contrast = {
  read: Member | null;
  row: Member | null;
  naive: Member | null;
  /** Has the person asked to be forgotten? */
  gone: boolean;
  /** A message has said that consent was withdrawn. */
  withdrawn?: boolean;
};
type Column = 'client' | 'server' | 'naive';

/** What is chosen, by name: chapter, member, app, identity, fault. */
type Chosen = Record<string, string>;

/** A fault that can be switched on; workbench/laboratory.py and emulator/faults.py have them. */
type Fault = Both & {
  name: string;
  /** Where it sits: gateway, phone, app or alipay. */
  where: string;
  group: string;
  /** What will be seen. */
  seen: Both;
  /** The error's code; none if nothing may break. */
  expect?: string;
  hint?: Both;
  /** The API whose answer is spoiled. */
  method?: string;
  /** What the phone is to do. */
  phone?: Bench['order'];
  /** Is it off after one call? Does the app recover by itself? */
  once?: boolean;
  recovers?: boolean;
  /** A one-shot action: the function behind it. */
  action?: string;
  /** Where the phone has to be: 'member' or 'login'. */
  needs?: string;
};
/** Switches one on, by its name. */
type Choose = (name: string | null) => Promise<void>;
/** What is expected of a fault, and whether it was seen. */
type Expectation = {
  seen: boolean;
  wrong: boolean;
  begun: boolean;
  see: See;
  settle: () => void;
};
