/* Greets: adds one package, one kernel parameter and one file. */

#include "isoplug.h"

static const char DESCRIPTION[] =
    "{\"id\":\"hello-c\",\"version\":\"0.1.0\","
    "\"summary\":\"Greets: one package, one kernel argument, one file\",\"licence\":\"MIT\","
    "\"options\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"greeting\":{\"type\":\"string\",\"default\":\"Hello from a plugin\\n\","
    "\"description\":\"The text that a user sees after logging in.\"}}},"
    "\"requests\":{\"files\":[\"root:/etc/motd.d/**\"],"
    "\"merge\":[\"packages.install\",\"boot.kernel-params\"],"
    "\"kernel-params\":[\"isoplug.hello=*\"]},"
    "\"examples\":[{\"title\":\"greet\",\"config\":{\"greeting\":\"Welcome\\n\"}}]}";

static const char FRAGMENT[] =
    "{\"packages\":{\"install\":[\"hello\"]},\"boot\":{\"kernel-params\":[\"isoplug.hello=1\"]}}";

void exports_isoplug_plugin_describe_describe(contributor_plugin_string_t *document) {
    contributor_plugin_string_dup(document, DESCRIPTION);
}

static void report_empty_greeting(void) {
    isoplug_plugin_types_segment_t at = {
        .tag = ISOPLUG_PLUGIN_TYPES_SEGMENT_KEY, .val = {.key = isoplug_text("greeting")}};
    isoplug_plugin_context_diagnostic_t diagnostic = {
        .severity = ISOPLUG_PLUGIN_TYPES_SEVERITY_ERROR,
        .code = isoplug_text("empty-greeting"),
        .message = isoplug_text("there is nothing to say"),
        .at = {.ptr = &at, .len = 1},
        .help = {.is_some = true, .val = isoplug_text("leave it out for the default")},
    };
    isoplug_plugin_context_report(&diagnostic);
}

static void log_image(void) {
    contributor_plugin_string_t path = isoplug_text("image.name");
    contributor_plugin_option_string_t name = {0};
    isoplug_plugin_context_access_error_t error;
    /* No printf: it would import half of WASI. */
    char line[256] = "greeting from ";
    if (!isoplug_plugin_context_fact(&path, &name, &error)) return;
    if (name.is_some && name.val.len >= 2 && name.val.len < 200) {
        memcpy(line + strlen(line), name.val.ptr + 1, name.val.len - 2);
    }
    contributor_plugin_option_string_free(&name);
    isoplug_log(line);
}

bool exports_isoplug_plugin_contributor_contribute(
    exports_isoplug_plugin_contributor_list_own_module_t *modules,
    contributor_plugin_string_t *error) {
    modules->len = 0;
    modules->ptr = NULL;
    char *greeting = isoplug_option("greeting");
    if (!greeting || !*greeting) {
        report_empty_greeting();
        return true;
    }
    log_image();
    contributor_plugin_string_t name = isoplug_text("hello"), word = isoplug_text("greeting");
    contributor_plugin_string_t fragment = isoplug_text(FRAGMENT);
    isoplug_plugin_contribution_own_module_t module =
        isoplug_plugin_contribution_constructor_module(&name);
    isoplug_plugin_contribution_borrow_module_t hello =
        isoplug_plugin_contribution_borrow_module(module);
    isoplug_plugin_contribution_method_module_provides(hello, &word);
    if (!isoplug_plugin_contribution_method_module_merge(
            hello, &fragment, ISOPLUG_PLUGIN_TYPES_STRENGTH_NORMAL, error)) return false;
    if (!isoplug_file(hello, "/etc/motd.d/hello", greeting, error)) return false;
    free(greeting);
    modules->ptr = malloc(sizeof *modules->ptr);
    modules->ptr[0] = module;
    modules->len = 1;
    return true;
}

bool exports_isoplug_plugin_contributor_furnish(
    exports_isoplug_plugin_contributor_list_own_module_t *modules,
    contributor_plugin_string_t *error) {
    (void)error;
    modules->len = 0;
    modules->ptr = NULL;
    return true;
}
