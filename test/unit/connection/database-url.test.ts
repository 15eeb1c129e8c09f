import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { completeAddress, type DatabaseAddress, maskedUrl } from "../../../src/connection/database-address.ts";
import { parseDatabaseUrl } from "../../../src/connection/database-url.ts";

const FIELD = "HELLOJOHN_DATABASE_URL";
const SECRET = "gEhEiM";

function addressOf(url: string): DatabaseAddress {
  const parts = parseDatabaseUrl(url, FIELD);
  if ("problems" in parts) throw new TypeError(JSON.stringify(parts.problems));
  const address = completeAddress(parts);
  if ("missing" in address) throw new TypeError(`no ${address.missing.join(", no ")}`);
  return address;
}

function messagesOf(url: string): readonly string[] {
  const address = parseDatabaseUrl(url, FIELD);
  return "problems" in address ? address.problems.map(({ message }) => message) : [];
}

describe("parseDatabaseUrl", () => {
  test("takes a URL apart", () => {
    expect(addressOf("postgresql://john:pw@db.example.com:6432/hellojohn?sslmode=require")).toEqual({
      host: "db.example.com",
      port: 6432,
      user: "john",
      password: "pw",
      database: "hellojohn",
      ssl: "require",
      rootCertificate: null,
    });
  });

  test.each([
    ["the other scheme", "postgres://u:p@h/d", {}],
    ["no port", "postgresql://u:p@h/d", { port: 5432 }],
    ["no password", "postgresql://u@h/d", { password: null }],
    ["an empty password", "postgresql://u:@h/d", { password: null }],
    [
      "everything percent-encoded",
      "postgresql://%C3%BC%40:%3A%2F%3F%23%25@h/a%20b",
      {
        user: "ü@",
        password: ":/?#%",
        database: "a b",
      },
    ],
    ["an @ in the password", "postgresql://u:p@w@h/d", { host: "h", password: "p@w" }],
    ["an IPv6 address", "postgresql://u:p@[2001:db8::1]:6432/d", { host: "2001:db8::1", port: 6432 }],
  ])("reads a URL with %s", (_what, url, expected) => {
    expect(addressOf(url)).toMatchObject(expected);
  });

  test.each([
    ["db.example.com", "verify-full"],
    ["10.0.0.1", "verify-full"],
    ["localhost.example.com", "verify-full"],
    ["127.0.0.1.example.com", "verify-full"],
    ["notlocalhost", "verify-full"],
    ["[2001:db8::1]", "verify-full"],
    ["localhost", "disable"],
    ["127.0.0.1", "disable"],
    ["127.1.2.3", "disable"],
    ["[::1]", "disable"],
  ])("connects to %s with %s unless the URL says otherwise", (host, ssl) => {
    expect(addressOf(`postgresql://u:p@${host}/d`).ssl).toBe(ssl);
  });

  test.each(["disable", "require", "verify-ca", "verify-full"])("takes sslmode=%s, on any host", (mode) => {
    expect(addressOf(`postgresql://u:p@h/d?sslmode=${mode}`).ssl).toBe(mode);
    expect(addressOf(`postgresql://u:p@localhost/d?sslmode=${mode}`).ssl).toBe(mode);
  });

  test.each([
    ["nothing", "", ["is not a URL"]],
    ["words", "host=h user=u", ["is not a URL"]],
    ["another scheme", "mysql://u:p@h/d", ["is not a postgresql:// URL"]],
    ["a port that is none", "postgresql://u:p@h:99999/d", ["is not a URL"]],
    ["a host with a space", "postgresql://u:p@h h/d", ["is not a URL"]],
    ["a % in the password", "postgresql://u:p%w@h/d", ["holds a % that is not followed by two hex digits"]],
    ["a % in the user", "postgresql://u%:p@h/d", ["holds a % that is not followed by two hex digits"]],
    ["a % in the database", "postgresql://u:p@h/%zz", ["holds a % that is not followed by two hex digits"]],
    ["bytes that are no UTF-8", "postgresql://u:%ff@h/d", ["holds a % that is not followed by two hex digits"]],
    ["a # behind everything", "postgresql://u:p@h/d#x", ["holds a #, which has to be written %23 in a password"]],
    [
      "an unknown sslmode",
      "postgresql://u:p@h/d?sslmode=prefer",
      ["has an sslmode that is none of disable, require, verify-ca, verify-full"],
    ],
    [
      "an empty sslmode",
      "postgresql://u:p@h/d?sslmode=",
      ["has an sslmode that is none of disable, require, verify-ca, verify-full"],
    ],
    [
      "several faults",
      "postgresql://h/d?sslmode=allow#x",
      [
        "holds a #, which has to be written %23 in a password",
        "has an sslmode that is none of disable, require, verify-ca, verify-full",
      ],
    ],
  ])("refuses a URL with %s", (_what, url, messages) => {
    expect(messagesOf(url)).toEqual(messages);
  });

  test.each(["options", "ssl", "sslcert", "host", "SSLMODE"])(
    "refuses the parameter %s, as it would be ignored",
    (name) => {
      expect(messagesOf(`postgresql://u:p@h/d?${name}=x`)).toEqual([
        "has a parameter other than sslmode and sslrootcert",
      ]);
    },
  );

  test.each(["connect_timeout", "application_name", "keepalives_idle", "target_session_attrs"])(
    "takes the parameter %s of a URL that another client uses, as it changes nothing",
    (name) => {
      expect(parseDatabaseUrl(`postgresql://u:p@h/d?${name}=3`, FIELD)).toEqual(
        parseDatabaseUrl("postgresql://u:p@h/d", FIELD),
      );
    },
  );

  test.each([
    ["sslrootcert=/ca.pem", "verify-full", "/ca.pem"],
    ["sslmode=verify-ca&sslrootcert=/ca.pem", "verify-ca", "/ca.pem"],
    ["sslmode=require&sslrootcert=/ca.pem", "verify-ca", "/ca.pem"],
    ["sslmode=disable&sslrootcert=/ca.pem", "disable", "/ca.pem"],
    ["sslrootcert=system", "verify-full", null],
  ])("reads %s as libpq does", (parameters, ssl, rootCertificate) => {
    expect(addressOf(`postgresql://u:p@h/d?${parameters}`)).toMatchObject({ ssl, rootCertificate });
  });

  test("leaves out what the URL does not say", () => {
    expect(parseDatabaseUrl("postgresql://", FIELD)).toEqual({});
    expect(parseDatabaseUrl("postgresql://h:1/d", FIELD)).toEqual({ host: "h", port: 1, database: "d" });
    expect(parseDatabaseUrl("postgresql://:p@h", FIELD)).toEqual({ host: "h", password: "p" });
  });

  test.each(["postgresql://u%00options%00x:p@h/d", "postgresql://u:p%00@h/d", "postgresql://u:p@h/d%00x"])(
    "refuses %s: behind a NUL stood start-up parameters",
    (url) => {
      expect(messagesOf(url)).toEqual(["holds a NUL character (%00)"]);
    },
  );

  test("refuses several such parameters in one sentence, which names none: each may be half of a password", () => {
    expect(messagesOf("postgresql://u:p@h/d?a=1&b=2&sslmode=require")).toEqual([
      "has a parameter other than sslmode and sslrootcert",
    ]);
  });

  test("refuses port 0, which the driver would take for no port at all", () => {
    expect(messagesOf("postgresql://u:p@h:0/d")).toEqual(["has the port 0"]);
  });

  test.each(["postgresql://u:1/x@h/d", "postgresql://u:p@h/d/e", "postgresql://u:p@h/d@e"])(
    "refuses what may be half of a password behind the host in %s",
    (url) => {
      expect(messagesOf(url)).toContain("holds an @ or a / behind its host, which have to be written %40 and %2F");
    },
  );

  test("refuses an sslmode that is given twice, as either could be meant", () => {
    expect(messagesOf("postgresql://u:p@h/d?sslmode=disable&sslmode=verify-full")).toEqual([
      "has more than one sslmode",
    ]);
  });

  test("blames the field that it was given, and says what a URL looks like", () => {
    expect(parseDatabaseUrl("nonsense", "--database-url")).toEqual({
      problems: [
        {
          code: "INVALID_SETTING",
          field: "--database-url",
          message: "is not a URL",
          hint: expect.stringContaining("postgresql://USER:PASSWORD@HOST:5432/DATABASE"),
        },
      ],
    });
  });
});

describe("a password", () => {
  test.each([
    ["a bad percent-encoding", `postgresql://u:${SECRET}%@h/d`],
    ["a #", `postgresql://u:x#${SECRET}@h/d`],
    ["a # behind digits, which look like a port", `postgresql://u:1#${SECRET}@h/d`],
    ["a slash", `postgresql://u:x/${SECRET}@h/d`],
    ["a slash behind digits", `postgresql://u:1/${SECRET}@h/d`],
    ["a question mark", `postgresql://u:x?${SECRET}@h/d`],
    ["a question mark behind digits", `postgresql://u:1?${SECRET}@h/d`],
    ["a question mark first", `postgresql://u:?${SECRET}@h/d`],
    ["a question mark and an equals sign", `postgresql://u:1?${SECRET}=1@h/d`],
    ["a question mark and an ampersand", `postgresql://u:1?sslmode=disable&${SECRET}@h/d`],
    ["a space", `postgresql://u:x ${SECRET}@h h/d`],
    ["a line end", `postgresql://u:x\n${SECRET}@h h/d`],
    ["no host behind it", `postgresql://u:${SECRET}@/d`],
    ["no scheme before it", `u:${SECRET}@h/d`],
    ["another scheme before it", `https://u:${SECRET}@h/d`],
    ["an unknown parameter behind it", `postgresql://u:${SECRET}@h/d?x=${SECRET}`],
    ["an @ and a slash, which make a host and a database of it", `postgresql://u:p@ss/${SECRET}@h/d`],
    ["itself as a parameter", `postgresql://u@h/d?password=${SECRET}`],
    ["a bad sslmode behind it", `postgresql://u:${SECRET}@h/d?sslmode=${SECRET}`],
  ])("is not told with %s", (_what, url) => {
    const address = parseDatabaseUrl(url, FIELD);
    expect(address).toHaveProperty("problems");
    expect(JSON.stringify(address)).not.toContain(SECRET);
  });

  test("is never told, whatever stands around it", () => {
    const part = fc.array(fc.constantFrom(..."ab1%#?/@:&=[] \n"), { maxLength: 6 }).map((some) => some.join(""));
    fc.assert(
      fc.property(part, part, part, (before, behind, end) => {
        const parts = parseDatabaseUrl(`postgresql://u:${before}${SECRET}${behind}@h/d${end}`, FIELD);
        const address = "problems" in parts ? parts : completeAddress(parts);
        const shown = "host" in address ? maskedUrl(address) : JSON.stringify(address);
        expect(shown).not.toContain(SECRET);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("maskedUrl", () => {
  test.each([
    ["postgresql://user:secret@host:5432/hellojohn", "postgresql://user:***@host:5432/hellojohn"],
    ["postgres://user:secret@host/hellojohn?sslmode=require", "postgresql://user:***@host:5432/hellojohn"],
    ["postgresql://user@host/hellojohn", "postgresql://user@host:5432/hellojohn"],
    ["postgresql://u%40:p@[::1]:6432/a%2Fb", "postgresql://u%40:***@[::1]:6432/a%2Fb"],
  ])("shows %s as %s", (url, masked) => {
    expect(maskedUrl(addressOf(url))).toBe(masked);
  });

  test("never shows a byte of the password, and can be read again", () => {
    // A URL cannot end in a path of dots: . and .. are taken out of it.
    const text = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((some) => some.isWellFormed() && !/^\.+$/.test(some));
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        const address = addressOf(`postgresql://${u}:${p}@host/${d}`);
        expect(address).toMatchObject({ user, password, database });
        expect(maskedUrl(address)).toBe(maskedUrl({ ...address, password: "another" }));
        expect(addressOf(maskedUrl(address))).toMatchObject({ user, password: "***", database });
      }),
    );
  });
});
