// Greets: adds one package, one kernel parameter and one file.

import { fact, log, options, report } from "isoplug:plugin/context@0.1.0";
import { fromString } from "isoplug:plugin/blobs@0.1.0";
import { Module } from "isoplug:plugin/contribution@0.1.0";

const attributes = { mode: 0o644, uid: 0, gid: 0, replace: false };

export const describe = {
  describe: () =>
    JSON.stringify({
      id: "hello-js",
      version: "0.1.0",
      summary: "Greets: one package, one kernel argument, one file",
      licence: "MIT",
      options: {
        type: "object",
        additionalProperties: false,
        properties: {
          greeting: {
            type: "string",
            default: "Hello from a plugin\n",
            description: "The text that a user sees after logging in.",
          },
        },
      },
      requests: {
        files: ["root:/etc/motd.d/**"],
        merge: ["packages.install", "boot.kernel-params"],
        "kernel-params": ["isoplug.hello=*"],
      },
      examples: [{ title: "greet", config: { greeting: "Welcome\n" } }],
    }),
};

export const contributor = {
  contribute() {
    const { greeting } = JSON.parse(options());
    if (greeting === "") {
      report({
        severity: "error",
        code: "empty-greeting",
        message: "there is nothing to say",
        at: [{ tag: "key", val: "greeting" }],
        help: "leave it out for the default",
      });
      return [];
    }
    log("info", `greeting from ${JSON.parse(fact("image.name") ?? '""')}`);
    const hello = new Module("hello");
    hello.provides("greeting");
    hello.merge(
      JSON.stringify({
        packages: { install: ["hello"] },
        boot: { "kernel-params": ["isoplug.hello=1"] },
      }),
      "normal",
    );
    hello.file("root", "/etc/motd.d/hello", fromString(greeting), attributes);
    return [hello];
  },

  furnish: () => [],
};
