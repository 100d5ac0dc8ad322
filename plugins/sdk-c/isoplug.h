/* Small help for plugins in C: texts, files, and options that are texts.
 *
 * The contract itself is in contributor_plugin.h, which `wit-bindgen c` makes of wit/0.1. */
#ifndef ISOPLUG_H
#define ISOPLUG_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "contributor_plugin.h"

/* Returns a text of the contract's. It points at what it is given and is never freed. */
static inline contributor_plugin_string_t isoplug_text(const char *text) {
    contributor_plugin_string_t string;
    contributor_plugin_string_set(&string, text);
    return string;
}

/* Writes a line into the log. */
static inline void isoplug_log(const char *line) {
    contributor_plugin_string_t text = isoplug_text(line);
    isoplug_plugin_context_log(ISOPLUG_PLUGIN_CONTEXT_LEVEL_INFO, &text);
}

/* Adds a file of root's, with mode 0644, to the root filesystem. */
static inline bool isoplug_file(isoplug_plugin_contribution_borrow_module_t module, const char *path,
                                const char *content, contributor_plugin_string_t *error) {
    contributor_plugin_string_t tree = isoplug_text("root"), at = isoplug_text(path);
    contributor_plugin_string_t text = isoplug_text(content);
    isoplug_plugin_contribution_attributes_t attributes = {.mode = 0644};
    isoplug_plugin_blobs_own_blob_t blob;
    if (!isoplug_plugin_blobs_from_string(&text, &blob, error)) return false;
    bool is_added = isoplug_plugin_contribution_method_module_file(
        module, &tree, &at, isoplug_plugin_blobs_borrow_blob(blob), &attributes, error);
    isoplug_plugin_blobs_blob_drop_own(blob);
    return is_added;
}

/* Writes a code point as UTF-8 and returns what follows it. */
static inline char *isoplug_utf8(char *out, unsigned code) {
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* Reads a JSON text from behind its opening quote into `out`, which may be NULL; returns what
 * follows its closing quote. The host writes characters beyond U+FFFF as they are. */
static inline const char *isoplug_json_text(const char *json, char *out) {
    static const char letters[] = "nbrtf", meant[] = "\n\b\r\t\f";
    char none[4], *to = out ? out : none;
    for (; *json && *json != '"'; json++) {
        if (!out) to = none;
        if (*json != '\\') {
            *to++ = *json;
        } else if (*++json == 'u') {
            char digits[5] = {json[1], json[2], json[3], json[4], 0};
            to = isoplug_utf8(to, (unsigned)strtoul(digits, NULL, 16));
            json += 4;
        } else {
            const char *letter = strchr(letters, *json);
            *to++ = letter ? meant[letter - letters] : *json;
        }
    }
    if (out) *to = 0;
    return *json ? json + 1 : json;
}

/* Returns an option of the outermost table that is a text; NULL if there is none. The caller frees
 * it. The host has checked the options against the schema, so they are JSON. */
static inline char *isoplug_option(const char *name) {
    contributor_plugin_string_t options;
    isoplug_plugin_context_options(&options);
    char *json = malloc(options.len + 1), *found = NULL;
    memcpy(json, options.ptr, options.len);
    json[options.len] = 0;
    contributor_plugin_string_free(&options);
    char *word = malloc(options.len + 1);
    int depth = 0;
    for (const char *at = json; *at && !found;) {
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        if (*at++ != '"') continue;
        at = isoplug_json_text(at, word);
        bool is_key = depth == 1 && *at == ':';
        if (is_key && strcmp(word, name) == 0 && at[1] == '"') {
            found = malloc(strlen(json) + 1);
            isoplug_json_text(at + 2, found);
        }
    }
    free(word);
    free(json);
    return found;
}

#endif
