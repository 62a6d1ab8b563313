/* Records, derived keys, indexes, tokens and secret files. The record format is read here a second
 * time with plain OpenSSL calls, themselves held against the published vectors. */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "check.h"
#include "seal/seal.h"
#include "temp_folder.h"

static const uint8_t root[SEAL_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t other_root[SEAL_KEY_BYTES] = {8, 7, 6, 5, 4, 3, 2, 1};
static const struct seal_place place = {"message", "body", 7};

static void unhex(const char *hex, uint8_t *out, size_t n)
{
    CHECK(hex_decode(str_of(hex), out, n), "%s", hex);
}

static bool is_hex(const uint8_t *bytes, size_t n, const char *hex)
{
    char text[256];

    hex_encode(bytes, n, text);
    return strcmp(text, hex) == 0;
}

/* ---- second opinions ---- */

/* RFC 5869 with one block of output, made of HMAC alone. */
static void hkdf(struct str key, struct str salt, struct str info, uint8_t out[32])
{
    uint8_t prk[32];
    char block[256];

    seal_hmac_sha256(salt, key, prk);
    memcpy(block, info.p, info.n);
    block[info.n] = 1;
    seal_hmac_sha256((struct str){(const char *)prk, 32}, (struct str){block, info.n + 1}, out);
}

static bool unwrap(const uint8_t key[32], const uint8_t *in, int n_in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t wide[64];
    int n = 0;
    bool ok;

    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, key, NULL) == 1 &&
         EVP_DecryptUpdate(ctx, wide, &n, in, n_in) == 1 && n == n_in - 8;
    if (ok)
        memcpy(out, wide, (size_t)n);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool gcm_open(const uint8_t *key, const uint8_t *nonce, struct str aad, const uint8_t *text,
                     int n, const uint8_t *tag, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t copy[16];
    int done = 0;
    bool ok;

    memcpy(copy, tag, 16);
    ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
         EVP_DecryptUpdate(ctx, NULL, &done, (const uint8_t *)aad.p, (int)aad.n) == 1 &&
         EVP_DecryptUpdate(ctx, out, &done, text, n) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, copy) == 1 &&
         EVP_DecryptFinal_ex(ctx, out + done, &done) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

/* The second opinions against the vectors of their standards. */
static void test_published_vectors(void)
{
    uint8_t out[64], key[32], wrapped[40], nonce[12], aad[20], text[60], tag[16];
    char ikm[22], salt[13], info[10];

    memset(ikm, 0x0b, sizeof ikm); /* RFC 5869, A.1; the first 32 of its 42 bytes */
    unhex("000102030405060708090a0b0c", (uint8_t *)salt, sizeof salt);
    unhex("f0f1f2f3f4f5f6f7f8f9", (uint8_t *)info, sizeof info);
    hkdf((struct str){ikm, sizeof ikm}, (struct str){salt, sizeof salt},
         (struct str){info, sizeof info}, out);
    CHECK(is_hex(out, 32, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"),
          "HKDF");

    unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key, 32);
    unhex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
          wrapped, 40); /* RFC 3394, 4.6 */
    CHECK(unwrap(key, wrapped, 40, out) &&
              is_hex(out, 32, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"),
          "AES-256-KW");

    /* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 */
    unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key, 32);
    unhex("cafebabefacedbaddecaf888", nonce, 12);
    unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, 20);
    unhex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
          "56828838c5f61e6393ba7a0abcc9f662",
          text, 60);
    unhex("76fc6ece0f4e1768cddf8853bb2d551b", tag, 16);
    CHECK(gcm_open(key, nonce, (struct str){(const char *)aad, 20}, text, 60, tag, out) &&
              is_hex(out, 16, "d9313225f88406e5a55909c5aff5269a"),
          "AES-256-GCM");

    seal_sha256(STR("abc"), out); /* FIPS 180-2, B.1 */
    CHECK(is_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
          "SHA-256");
    seal_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out); /* RFC 4231, 4.3 */
    CHECK(is_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
          "HMAC-SHA-256");
}

static const struct str salt_text = STR_LIT("tidings/1");

/* What is on disk is what seal.h says, read without the code that wrote it. */
static void test_record_format(void)
{
    static const char names[] = "\x07message\x04"
                                "body";
    struct seal *s = seal_from_root(root);
    struct arena a = {0};
    struct str sealed = {0};
    struct err e = {0};
    uint8_t id[32], salted[32], key[32], out[64];
    const uint8_t *r;
    char aad[64] = {0};

    CHECK(seal_put(s, place, STR("a patient's words"), &a, &sealed, &e), "%s", e.text);
    r = (const uint8_t *)sealed.p;
    CHECK(sealed.n == 17 + SEAL_OVERHEAD, "%zu bytes", sealed.n);
    hkdf((struct str){(const char *)root, 32}, salt_text, STR("key id"), id);
    hkdf((struct str){(const char *)root, 32}, salt_text, STR("salted"), salted);
    CHECK(r[0] == 1 && r[1] == 2 && memcmp(r + 2, id, 8) == 0, "head");
    seal_hmac_sha256((struct str){(const char *)salted, 32}, (struct str){sealed.p + 10, 32}, key);
    memcpy(aad, r, 10);
    memcpy(aad + 10, names, 13);
    aad[30] = 7; /* the row: 8 bytes, big-endian */
    CHECK(gcm_open(key, r + 42, (struct str){aad, 31}, r + 54, 17, r + 71, out) &&
              memcmp(out, "a patient's words", 17) == 0,
          "content");
    arena_reset(&a);
    seal_close(s);
}

/* A record of suite 1 as it was written when there was no other. */
static void test_suite_1(void)
{
    enum { N = 17 + 78 };
    struct seal *s = seal_from_root(root);
    uint8_t old[N], wrap[32], key[32];
    struct str sealed = {(const char *)old, N}, out = {0};
    struct arena a = {0};
    struct err e = {0};

    unhex("01011261be287a26bffc163bd4602a6e27a2393740e5fbfbebe32fc43b66692a0600e6330acfe70a27a6"
          "23cd745d40ff0b44783f9b05c086e042caf58a3bae1c38b16bc2c7b94678e5de34978247f4f0d6c59d8d"
          "0658d7082daa499a02519a",
          old, N);
    hkdf((struct str){(const char *)root, 32}, salt_text, STR("wrap"), wrap);
    CHECK(old[1] == 1 && unwrap(wrap, old + 10, 40, key), "it is one");
    CHECK(seal_get(s, place, sealed, &a, &out, &e) && str_eq(out, STR("a patient's words")), "%s",
          e.text);
    for (size_t i = 0; i < N; i++) {
        old[i] ^= 0x10;
        CHECK(!seal_get(s, place, sealed, &a, &out, &e) && e.kind == ERR_INPUT, "byte %zu", i);
        old[i] ^= 0x10;
    }
    for (size_t n = 0; n < N; n++)
        CHECK(!seal_get(s, place, (struct str){sealed.p, n}, &a, &out, &e), "%zu bytes", n);
    CHECK(seal_get(s, place, sealed, &a, &out, &e), "it still opens");
    old[1] = 2; /* its head is authenticated, too */
    CHECK(!seal_get(s, place, sealed, &a, &out, &e) && e.kind == ERR_INPUT, "by another suite");
    arena_reset(&a);
    seal_close(s);
}

static void test_round_trip(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 800, 70000};
    struct seal *s = seal_from_root(root);
    struct arena a = {0};
    char *bytes = malloc(70000);

    for (size_t i = 0; i < 70000; i++)
        bytes[i] = (char)(i * 31);
    for
        EACH (i, sizes) {
            struct str in = {bytes, sizes[i]}, sealed = {0}, again = {0}, out = {0};
            struct err e = {0};

            CHECK(seal_put(s, place, in, &a, &sealed, &e), "%s", e.text);
            CHECK(seal_get(s, place, sealed, &a, &out, &e), "%s", e.text);
            CHECK(out.p && str_eq(in, out), "%zu bytes", sizes[i]);
            CHECK(seal_put(s, place, in, &a, &again, &e) && !str_eq(sealed, again),
                  "two records of one text must differ");
        }
    free(bytes);
    arena_reset(&a);
    seal_close(s);
}

/* Every byte flipped, every length, every other place, another key: refused, and nothing given. */
static void test_refused(void)
{
    static const struct {
        const char *name;
        struct seal_place at;
    } moved[] = {
        {"another row", {"message", "body", 8}},
        {"row 7 shifted", {"message", "body", 7LL << 8}},
        {"another column", {"message", "ack", 7}},
        {"another table", {"notice", "body", 7}},
        {"the border moved", {"messageb", "ody", 7}},
    };
    struct seal *s = seal_from_root(root), *other = seal_from_root(other_root);
    struct arena a = {0};
    struct str sealed = {0}, out = {0};
    struct err e = {0};
    int refused = 0;

    CHECK(seal_put(s, place, STR("CANARY-TEXT"), &a, &sealed, &e), "%s", e.text);
    for (size_t i = 0; i < sealed.n; i++) {
        struct str bad = arena_copy(&a, sealed);

        ((char *)(uintptr_t)bad.p)[i] ^= 0x10;
        e = (struct err){0};
        refused += !seal_get(s, place, bad, &a, &out, &e) && e.kind == ERR_INPUT && !out.p;
        CHECK(!strstr(e.text, "CANARY"), "%s", e.text);
    }
    CHECK(refused == (int)sealed.n, "%d of %zu flips refused", refused, sealed.n);
    for (size_t n = 0; n < sealed.n; n++)
        CHECK(!seal_get(s, place, (struct str){sealed.p, n}, &a, &out, &e), "%zu bytes", n);
    for
        EACH (i, moved)
            CHECK(!seal_get(s, moved[i].at, sealed, &a, &out, &e) && e.kind == ERR_INPUT, "%s",
                  moved[i].name);
    CHECK(!seal_get(other, place, sealed, &a, &out, &e) && strstr(e.text, "another key"), "%s",
          e.text);
    CHECK(strstr(e.text, "message 7, body"), "says where: %s", e.text);
    CHECK(seal_get(s, place, sealed, &a, &out, &e), "the record itself still opens");
    arena_reset(&a);
    seal_close(s);
    seal_close(other);
    seal_close(NULL);
}

static void test_derived(void)
{
    struct seal *s = seal_from_root(root), *other = seal_from_root(other_root);
    uint8_t mine[32], again[32], theirs[32], want[32], named[32], index_root[32], full[32];
    const struct str ab_c[] = {STR("ab"), STR("c")}, a_bc[] = {STR("a"), STR("bc")};
    uint8_t one[SEAL_INDEX_BYTES], two[SEAL_INDEX_BYTES];

    seal_derive(s, "pseudonym", mine);
    seal_derive(s, "pseudonym", again);
    seal_derive(other, "pseudonym", theirs);
    hkdf((struct str){(const char *)root, 32}, salt_text, STR("use:pseudonym"), want);
    CHECK(seal_equal(mine, want, 32), "HKDF of RFC 5869");
    CHECK(seal_equal(mine, again, 32) && !seal_equal(mine, theirs, 32), "by root");
    seal_derive(s, "wrap", named);
    hkdf((struct str){(const char *)root, 32}, salt_text, STR("wrap"), want);
    CHECK(!seal_equal(named, want, 32), "no label leads to a key of seal's own");

    seal_index(s, "mrn", ab_c, 2, one);
    seal_index(s, "mrn", a_bc, 2, two);
    CHECK(!seal_equal(one, two, sizeof one), "parts keep their borders");
    seal_index(s, "mrn", ab_c, 2, two);
    CHECK(seal_equal(one, two, sizeof one), "equal in, equal out");
    seal_index(s, "phone", ab_c, 2, two);
    CHECK(!seal_equal(one, two, sizeof one), "by field");
    seal_index(other, "mrn", ab_c, 2, two);
    CHECK(!seal_equal(one, two, sizeof one), "by root");

    /* the index itself, made of HMAC alone */
    hkdf((struct str){(const char *)root, 32}, salt_text, STR("index"), index_root);
    seal_hmac_sha256((struct str){(const char *)index_root, 32}, STR("\0\0\0\0\0\0\0\003mrn"),
                     named);
    seal_hmac_sha256((struct str){(const char *)named, 32},
                     STR("\0\0\0\0\0\0\0\002ab\0\0\0\0\0\0\0\001c"), full);
    CHECK(memcmp(one, full, SEAL_INDEX_BYTES) == 0, "HMAC over length-prefixed parts");
    seal_close(s);
    seal_close(other);
}

/* A source that counts up: what is made of it can be written down. */
static bool counting_get(const struct random_source *r, void *out, size_t n)
{
    (void)r;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)i;
    return true;
}

static bool empty_get(const struct random_source *r, void *out, size_t n)
{
    (void)r;
    (void)out;
    (void)n;
    return false;
}

static void test_tokens(void)
{
    static const struct random_source counting = {counting_get}, empty = {empty_get};
    char token[TOKEN_TEXT + 1], second[TOKEN_TEXT + 1], ulid[27], later[27];
    uint8_t hash[32];
    struct err e = {0};

    CHECK(token_new(&counting, token, &e) &&
              strcmp(token, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") == 0,
          "%s", token);
    token_hash(str_of("abc"), hash);
    CHECK(is_hex(hash, 4, "ba7816bf"), "SHA-256 of the text");
    CHECK(token_new(&seal_random_system, token, &e) && token_new(&seal_random_system, second, &e) &&
              strlen(token) == TOKEN_TEXT && strcmp(token, second) != 0,
          "%s %s", token, second);
    CHECK(!token_new(&empty, token, &e) && e.kind == ERR_BUSY, "%s", e.text);

    CHECK(ulid_new(&counting, 1469918176385, ulid, &e) &&
              strcmp(ulid, "01ARYZ6S41000G40R40M30E209") == 0,
          "%s", ulid); /* time part as in the ULID specification */
    for (int64_t t = 0; t < 48; t++) {
        CHECK(ulid_new(&seal_random_system, ((int64_t)1 << t) - 1, ulid, &e) &&
                  ulid_new(&seal_random_system, (int64_t)1 << t, later, &e),
              "%s", e.text);
        CHECK(strlen(ulid) == 26 && strcmp(ulid, later) < 0, "%s then %s", ulid, later);
    }
    CHECK(!ulid_new(&empty, 1, ulid, &e) && e.kind == ERR_BUSY, "%s", e.text);
}

/* Never the same bytes twice, nothing without its source, and nothing kept of what was given. */
static void test_pool(void)
{
    static const struct random_source counting = {counting_get}, empty = {empty_get};
    struct random_pool p;
    uint8_t got[8], large[sizeof p.bytes + 1] = {0};
    size_t n = 0;

    random_pool_init(&p, &counting);
    for (size_t i = 0; i + sizeof got <= sizeof p.bytes; i += sizeof got)
        n += p.source.get(&p.source, got, sizeof got) && got[0] == (uint8_t)i &&
             got[7] == (uint8_t)(i + 7);
    CHECK(n == sizeof p.bytes / sizeof got && p.left == 0, "%zu draws, %zu left", n, p.left);
    for (size_t i = 0; i < sizeof p.bytes; i++)
        CHECK(p.bytes[i] == 0, "byte %zu is still there", i);
    CHECK(p.source.get(&p.source, got, 1) && got[0] == 0 && p.left == sizeof p.bytes - 1,
          "drawn anew");
    CHECK(p.source.get(&p.source, large, sizeof large) && large[sizeof p.bytes - 1] == 0xff,
          "from the source");
    random_pool_init(&p, &empty);
    CHECK(!p.source.get(&p.source, got, 1) && p.left == 0, "nothing to be had");
}

static void write_file(const char *path, struct str text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CHECK(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fchmod(fd, mode) == 0, "%s",
          path);
    (void)close(fd);
}

static struct str read_file(const char *path, struct arena *a)
{
    char bytes[512];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, sizeof bytes);

    (void)close(fd);
    return arena_copy(a, (struct str){bytes, n > 0 ? (size_t)n : 0});
}

enum { STRANGER = 12345 };

static bool opens(const char *path)
{
    struct seal *s = NULL;
    struct err e;
    bool ok = seal_open(path, &s, &e);

    seal_close(s);
    return ok;
}

static void refused_key(const char *name, const char *path, const char *says)
{
    struct seal *s = NULL;
    struct err e = {0};

    CHECK(!seal_open(path, &s, &e) && !s && e.kind == ERR_CONFIG && strstr(e.text, says),
          "%s: '%s'", name, e.text);
    seal_close(s);
}

/* A key that someone else owns is one that someone else can change. */
static void refused_strangers(const char *path)
{
    if (geteuid() != 0) {
        printf("another owner's key file: only root can make one; skipped\n");
        return;
    }
    CHECK(chown(path, STRANGER, 0) == 0, "chown");
    refused_key("another owner", path, "belongs to user 12345, must be ours or root's (chown)");
    CHECK(chown(path, 0, STRANGER) == 0, "chown");
    (void)chmod(path, 0600);
    CHECK(opens(path), "root's, whatever its group");
}

static void test_key_file(void)
{
    struct temp_folder t;
    char path[512], link[512], folder[512];
    struct arena a = {0};
    struct seal *s = NULL, *again = NULL;
    struct err e = {0};
    struct stat st;
    struct str good, bad, sealed, out;
    mode_t umask_was = umask(0);

    temp_folder_make(&t);
    temp_folder_file(&t, "tidings.key", path);
    refused_key("missing", path, "No such file");
    CHECK(seal_keys_init(path, &e), "%s", e.text);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "mode %o", st.st_mode);
    CHECK(!seal_keys_init(path, &e) && e.kind == ERR_CONFIG && strstr(e.text, "never overwritten"),
          "%s", e.text);
    CHECK(seal_open(path, &s, &e) && seal_open(path, &again, &e), "%s", e.text);
    CHECK(seal_put(s, place, STR("x"), &a, &sealed, &e) &&
              seal_get(again, place, sealed, &a, &out, &e),
          "the same file is the same key: %s", e.text);
    seal_close(s);
    seal_close(again);

    static const mode_t modes[] = {0644, 0640, 0604, 0620, 0700, 0660, 04600};
    for
        EACH (i, modes) {
            (void)chmod(path, modes[i]);
            refused_key("mode", path, "must be 0600");
        }
    (void)chmod(path, 0600);
    refused_strangers(path);
    good = read_file(path, &a);
    CHECK(good.n == 75, "%zu bytes", good.n);
    for (size_t n = 0; n < good.n; n++) {
        write_file(path, (struct str){good.p, n}, 0600);
        refused_key("truncated", path, "not a key file");
    }
    for (size_t i = 0; i < good.n; i++) {
        bad = arena_copy(&a, good);
        ((char *)(uintptr_t)bad.p)[i] ^= 1;
        write_file(path, bad, 0600);
        refused_key("altered", path, "not a key file");
    }
    bad = arena_printf(&a, STR_FMT "\n", STR_ARG(good));
    write_file(path, bad, 0600);
    refused_key("longer", path, "longer than");
    write_file(path, good, 0600);

    temp_folder_file(&t, "link", link);
    CHECK(symlink(path, link) == 0 && seal_open(link, &s, &e), "a link is followed: %s", e.text);
    seal_close(s);
    (void)chmod(path, 0644);
    refused_key("link to a file others can read", link, "must be 0600");
    CHECK(mkdir(temp_folder_file(&t, "folder", folder), 0600) == 0, "mkdir");
    refused_key("folder", folder, "not a regular file");
    CHECK(unlink(link) == 0 && mkfifo(link, 0600) == 0, "mkfifo");
    refused_key("FIFO", link, "not a regular file");
    CHECK(!seal_keys_init(temp_folder_file(&t, "none/tidings.key", folder), &e) &&
              e.kind == ERR_CONFIG,
          "%s", e.text);
    umask(umask_was);
    temp_folder_remove(&t);
    arena_reset(&a);
}

static const struct secret_case {
    const char *name;
    struct str text;
    mode_t mode;
    struct str out; /* absent: refused */
    const char *says;
} secrets[] = {
    {"plain", STR_LIT("s3cret"), 0600, STR_LIT("s3cret"), ""},
    {"read-only", STR_LIT("s3cret\n"), 0400, STR_LIT("s3cret"), ""},
    {"white space around", STR_LIT(" \t s3 cret \r\n\n"), 0600, STR_LIT("s3 cret"), ""},
    {"group may read", STR_LIT("s3cret"), 0640, {NULL, 0}, "mode is 0640"},
    {"others may write", STR_LIT("s3cret"), 0602, {NULL, 0}, "mode is 0602"},
    {"empty", STR_LIT(""), 0600, {NULL, 0}, "empty"},
    {"white space only", STR_LIT(" \n"), 0600, {NULL, 0}, "empty"},
    {"two lines", STR_LIT("s3cret\nmore"), 0600, {NULL, 0}, "one line"},
    {"NUL", STR_LIT("s3\0cret"), 0600, {NULL, 0}, "one line"},
    {"full", STR_LIT("0123456789abcdef"), 0600, STR_LIT("0123456789abcdef"), ""},
    {"one too many", STR_LIT("0123456789abcdefg"), 0600, {NULL, 0}, "longer than 16"},
};

static void test_secret_files(void)
{
    struct temp_folder t;
    struct arena a = {0};
    struct str out;
    struct err e = {0};
    char path[512];

    temp_folder_make(&t);
    temp_folder_file(&t, "secret", path);
    CHECK(!secret_read(path, 16, &a, &out, &e) && e.kind == ERR_CONFIG, "missing: %s", e.text);
    for
        EACH (i, secrets) {
            const struct secret_case *c = &secrets[i];
            bool ok;

            e = (struct err){0};
            (void)unlink(path);
            write_file(path, c->text, c->mode);
            ok = secret_read(path, 16, &a, &out, &e);
            CHECK(ok == (c->out.p != NULL) && (!ok || str_eq(out, c->out)), "%s: %s", c->name,
                  e.text);
            CHECK(ok || (e.kind == ERR_CONFIG && strstr(e.text, c->says)), "%s: '%s'", c->name,
                  e.text);
            CHECK(!strstr(e.text, "s3"), "%s: the secret is in the error", c->name);
        }
    CHECK(!secret_read(t.path, 16, &a, &out, &e) && strstr(e.text, "not a regular"), "%s", e.text);
    if (geteuid() == 0) {
        (void)unlink(path);
        write_file(path, STR("s3cret"), 0600);
        CHECK(chown(path, STRANGER, 0) == 0 && !secret_read(path, 16, &a, &out, &e) &&
                  e.kind == ERR_CONFIG && strstr(e.text, "belongs to user 12345"),
              "another owner: %s", e.text);
    } else {
        printf("another owner's secret file: only root can make one; skipped\n");
    }
    temp_folder_remove(&t);
    arena_reset(&a);
}

/* OpenSSL's memory, of which allocation number `fails_at` is refused; its hooks have no context. */
static struct {
    int calls, fails_at; /* 0: none */
    bool fired;
} memory;

static bool refuses(void)
{
    bool now = memory.fails_at && ++memory.calls == memory.fails_at;

    memory.fired |= now;
    return now;
}

static void *get_memory(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return refuses() ? NULL : malloc(n);
}

static void *more_memory(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return refuses() ? NULL : realloc(p, n);
}

static void give_memory(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

/* Each allocation fails once while a sound record is opened, by a seal that has opened none yet: busy, never
 * "altered". */
static void test_no_memory(void)
{
    struct seal *s = seal_from_root(root);
    struct arena a = {0};
    struct str sealed, plain;
    struct err e = {0};
    int fired = 0;
    bool ok = false;

    CHECK(seal_put(s, place, STR("CANARY"), &a, &sealed, &e), "%s", e.text);
    for (int at = 1; !ok || memory.fired; at++) {
        seal_close(s);
        s = seal_from_root(root);
        memory.calls = 0;
        memory.fired = false;
        memory.fails_at = at;
        e = (struct err){0};
        ok = seal_get(s, place, sealed, &a, &plain, &e);
        memory.fails_at = 0;
        fired += memory.fired;
        CHECK(ok || (memory.fired && e.kind == ERR_BUSY), "allocation %d: %s", at, e.text);
        CHECK(!ok || str_eq(plain, STR("CANARY")), "allocation %d", at);
    }
    CHECK(fired >= 2, "%d allocations failed in turn", fired);
    arena_reset(&a);
    seal_close(s);
}

int main(void)
{
    /* before OpenSSL's first allocation, or it refuses */
    CHECK(CRYPTO_set_mem_functions(get_memory, more_memory, give_memory) == 1, "no hooks");
    test_published_vectors();
    test_record_format();
    test_suite_1();
    test_round_trip();
    test_refused();
    test_no_memory();
    test_derived();
    test_tokens();
    test_pool();
    test_key_file();
    test_secret_files();
    return check_end();
}
