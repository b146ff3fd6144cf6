// What the phone's files hand to one another. For the type checker only; no browser loads this.

/** Whatever a mini-program put into its data; `any`, because {{ }} may do with it what JavaScript can. */
type Data = any;
/** The names that {{ }} can see, and what they stand for. */
type Scope = Record<string, Data>;
/** A compiled expression or text: its value in a scope. */
type Value = (scope: Scope) => Data;
/** A value, and the offset in the source after it. */
type Compiled = { value: Value; end: number };
type CompileText = (
  source: string,
  start: number,
  stop: string,
  refuse: Refuse,
  asObject: boolean,
) => Compiled;
/** An operator between two values, and one before a value. */
type Binary = (left: Data, right: Data) => Data;
type Unary = (value: Data) => Data;

/** Throws an Error that knows its file and its line; `at` is an offset in the file's source. */
type Refuse = (message: string, at?: number) => never;

/** A page's AXML. */
type Tree = { children: MarkupNode[]; templates: Map<string, ElementNode>; refuse: Refuse };
type MarkupNode = TextNode | ElementNode;
type TextNode = { text: Value };
type ElementNode = {
  tag: string;
  /** Its offset in the file. */
  at: number;
  attributes: [name: string, value: Value][];
  /** data-* */
  dataset: [name: string, value: Value][];
  /** onTap, catchTap, … */
  events: { type: string; isCaught: boolean; handler: Value }[];
  children: MarkupNode[];
  branch?: 'if' | 'elif' | 'else';
  /** Of a:if and a:elif; a:else is always true. */
  test?: Value;
  /** The next branch. */
  otherwise?: ElementNode;
  /** On an a:if: the branch that an a:elif or a:else may follow. */
  lastBranch?: ElementNode;
  /** a:for, a:for-item, a:for-index */
  list?: Value;
  item: string;
  index: string;
  /** Identifies an element when its siblings move. */
  key?: Value;
  /** Of <template>: which one is shown here, and all that it sees. */
  is?: Value;
  data?: Value;
};
type AddAttribute = (node: ElementNode, name: string, value: Value, tree: Tree) => void;

/** Makes an element of an AXML tag do its work. */
type Attach = (element: HTMLElement, node: ElementNode, host: Host) => void;
/** What one place of a page shows. */
type Shown = { node: MarkupNode; scope: Scope; key?: Data };
type Expand = (node: ElementNode, scope: Scope, tree: Tree, key?: Data) => Shown[];

/** The page that elements belong to. */
type Host = {
  tree: Tree;
  /** Asks for consent, for a getAuthorize button. */
  authorize: () => Promise<unknown>;
  /** The address of an image. */
  resolve: (source: string) => string;
  /** Calls a handler of the page. */
  call: (handler: string, event: object, at: number) => void;
};

/** One page as its files define it; `options` are those of its Page({…}). */
type Definition = { options: Record<string, any>; title: string; tree: Tree; style: CSSStyleSheet };
type OpenPage = {
  route: string;
  definition: Definition;
  /** `this` of the mini-program's handlers. */
  page: Record<string, any>;
  element: HTMLElement;
  draw: () => void;
};

/** What the page gives to a my.* call: values, success, fail, complete. */
type Options = Record<string, any>;
/** A my.* as the page sees it. */
type Api = (options?: Options) => any;
/** Returns or resolves with the result of a my.* call, or throws an ApiError. */
type Work = (options: any, trace: string) => any;
type Callback = (result: any) => void;
/** The error of a my.* call, with the `status` of an HTTP error. */
type ApiError = { error: number; errorMessage: string; status?: number };
type RequestOptions = {
  url?: string;
  method?: string;
  data?: Record<string, string>;
  headers?: Record<string, string>;
  /** In milliseconds. */
  timeout?: number;
};
/** What a request sends. */
type Sent = {
  method: string;
  headers: Record<string, string>;
  data?: Record<string, string>;
  /** The part of the data that a forging client has added. */
  forged?: Record<string, string>;
  /** The address; undefined if the given one is invalid. */
  sentTo?: string;
};
type ConfirmOptions = {
  title?: string;
  content?: string;
  confirmButtonText?: string;
  cancelButtonText?: string;
};

/** Asks a question over the page: a dialog by its id, and the texts of its parts. */
type AskDialog = (id: string, texts: Record<string, string | undefined>) => Promise<string>;
/** Calls my.`api`, or does its work. */
type Call = (api: string, options: Options, work: Work, sent?: Sent) => any;
type Begin = (api: string, options: Options, work: Work, trace: string) => Promise<any>;
type Answered = { response: Response; text: string };

/** What the person did, in words, and when, in milliseconds. */
type Deed = { zh: string; en: string; at: number };
/** A line of the mini-program that was under way; `file` is its path in the project. */
type Frame = { file: string; function: string; at: number };

/** One of the emulator's members. */
type TestMember = {
  id: string;
  nick_name: string | null;
  avatar: string | null;
  gender: string | null;
  province: string | null;
  city: string | null;
  case: Both;
  /** The apps that this person has agreed to. */
  consented: string[];
};

/** What the workbench has switched on for the phone. */
type Bench = {
  order: {
    /** A fault: the my.* whose next call fails, and the number of its error. */
    fail?: string;
    error?: number;
    /** The my.* that this version of Alipay lacks. */
    missing?: string;
    /** Each tap arrives twice. */
    twice?: boolean;
  };
  /** What a forging client adds to all it sends. */
  forge?: Record<string, string> | null;
  /** The phone's messages from before the page was ready to hear them. */
  heard?: MessageEvent[];
};

interface Window {
  bench?: Bench;
}
