#include "words.h"

#include "dice.h"
#include "letters.h"

enum { LONGEST = 11, CHOICE = 6, WORD_MOST = 64 };

static const char *const fillers[LONGEST + 1][CHOICE] = {
    [2] = {"ut", "et", "ex", "ac", "eu", "ab"},
    [3] = {"non", "qui", "vel", "sed", "est", "cum"},
    [4] = {"amet", "elit", "quis", "nisi", "esse", "enim"},
    [5] = {"lorem", "ipsum", "dolor", "magna", "velit", "culpa"},
    [6] = {"tempor", "labore", "aliqua", "veniam", "fugiat", "cillum"},
    [7] = {"eiusmod", "nostrud", "ullamco", "laboris", "commodo", "officia"},
    [8] = {"pariatur", "deserunt", "voluptas", "proident", "occaecat", "eligendi"},
    [9] = {"excepteur", "cupidatat", "voluptate", "laudantiu", "inventore", "architect"},
    [10] = {"incididunt", "cupiditate", "adipiscing", "temporibus", "asperiores", "quibusdamu"},
    [11] = {"consectetur", "exercitatio", "praesentium", "voluptatibu", "dignissimos",
            "repudiandae"},
};

static void small(struct str word, char out[WORD_MOST])
{
    for (size_t i = 0; i < word.n && i < WORD_MOST; i++)
        out[i] = (char)(word.p[i] | 0x20);
}

static void add_cased(struct buf *out, char small_letter, char like)
{
    (void)buf_add_char(out, letter_upper((uint8_t)like) ? (char)(small_letter - 32) : small_letter);
}

void word_name(const struct fake *f, struct str word, unsigned roll, struct buf *out)
{
    static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";
    char key[WORD_MOST];
    struct dice d;

    small(word, key);
    dice_init(&d, f, "name", (struct str){key, word.n < WORD_MOST ? word.n : WORD_MOST}, roll);
    for (size_t i = 0; i < word.n; i++)
        add_cased(out, i % 2 ? vowels[dice_of(&d, 5)] : consonants[dice_of(&d, 14)], word.p[i]);
}

void word_neutral(const struct fake *f, struct str word, unsigned roll, struct buf *out)
{
    char key[WORD_MOST];
    struct dice d;
    size_t at = 0;

    small(word, key);
    dice_init(&d, f, "text", (struct str){key, word.n < WORD_MOST ? word.n : WORD_MOST}, roll);
    while (at < word.n) {
        size_t left = word.n - at, n = left < LONGEST ? left : LONGEST;
        const char *filler = n < 2 ? "a" : fillers[n][dice_of(&d, CHOICE)];

        for (size_t i = 0; i < n && filler[i]; i++)
            add_cased(out, filler[i], word.p[at++]);
    }
}
