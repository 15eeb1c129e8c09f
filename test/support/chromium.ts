// A real browser for pages from files: nothing that it loads comes from elsewhere, and a page that tries is told on.
import { type Browser, chromium as driver, type Page } from "playwright-core";
import { installedProgram } from "./installed-program.ts";

/** The program, or null where it is not installed: for `describe.runIf(chromium !== null)`. */
export const chromium: string | null = installedProgram("chromium", "google-chrome");

/** Without a word to its makers' servers: https://peter.sh/experiments/chromium-command-line-switches/ */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a new and empty profile, until `close()`. */
export function startChromium(): Promise<Browser> {
  if (chromium === null) throw new Error("chromium is not installed: apt-get install chromium");
  return driver.launch({ executablePath: chromium, args: QUIET, timeout: 0 });
}

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

/** A page that is shown, and all that it did which it was not to do. */
export interface Shown {
  readonly page: Page;
  /** Requests for anything but the file, messages of the console (what the page's policy blocks is one), dialogs, errors. */
  readonly misdeeds: readonly string[];
}

/** Opens a file of this machine. Requests for anything else get no answer. */
export async function show(browser: Browser, file: URL, { width, colorScheme }: View): Promise<Shown> {
  const misdeeds: string[] = [];
  const page = await browser.newPage({ viewport: { width, height: 720 }, colorScheme });
  // How long a test may take is Vitest's to say.
  page.setDefaultTimeout(0);
  await page.route("**/*", async (route) => {
    const url = route.request().url();
    if (url === file.href) return route.continue();
    misdeeds.push(`request: ${url}`);
    return route.abort();
  });
  page.on("console", (message) => misdeeds.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => misdeeds.push(`error: ${error.message}`));
  page.on("dialog", async (dialog) => {
    misdeeds.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await page.goto(file.href);
  return { page, misdeeds };
}
