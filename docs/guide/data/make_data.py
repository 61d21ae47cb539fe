#!/usr/bin/env python3
"""Writes the data sets of the guide's examples into this folder. They are made up here from word lists, so that they may be shared
freely and are the same on every machine; training and test never share a sentence. Usage: make_data.py"""

import csv
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent


def mixed(count, *sizes):
    """`count` tuples of indices below the sizes, spread out and all different."""
    seen, state = [], 1
    known = set()
    while len(seen) < count:
        row = []
        for size in sizes:
            state = (state * 1103515245 + 12345) % 2**31
            row.append((state >> 16) % size)
        if tuple(row) not in known:
            known.add(tuple(row))
            seen.append(tuple(row))
    return seen


def write_csv(name, header, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_lines(name, rows):
    (HERE / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def reviews():
    things = ["story", "play", "novel", "poem", "song", "journey", "dinner", "letter", "speech", "picture", "garden", "lesson"]
    good = ["a delight", "full of charm and wit", "tender and true", "a noble work", "bright and lively", "the best of the year",
            "admirable in every part", "beautiful and wise", "a great pleasure", "graceful and warm"]
    bad = ["dull beyond measure", "cold and tedious", "a sad failure", "coarse and false", "the worst of the year", "weak in every part",
           "a great disappointment", "ugly and foolish", "heavy and lifeless", "miserable stuff"]
    frames = ["The {0} was {1}.", "I found the {0} {1}.", "Everyone agreed that the {0} was {1}.", "That {0}, I must say, is {1}."]
    train, test = [], []  # the test praises and blames in words that training does not show
    for thing, quality, frame, side in mixed(400, len(things), 10, len(frames), 2):
        text = frames[frame].format(things[thing], (good, bad)[side][quality])
        (train if quality < 7 else test).append((text, "good" if side == 0 else "bad"))
    write_csv("reviews.csv", ("text", "label"), train[:240])
    write_csv("reviews-test.csv", ("text", "label"), test[:100])


def topics():
    words = {
        "sea": ["the captain", "the ship", "a sailor", "the harbour", "the anchor", "the waves", "the mast", "a storm on the coast"],
        "war": ["the general", "the army", "a soldier", "the regiment", "the cannon", "the enemy", "the sword", "a battle at dawn"],
        "home": ["the kitchen", "the cook", "a supper", "the kettle", "the fireside", "the parlour", "the cradle", "a loaf of bread"],
        "church": ["the bishop", "the chapel", "a prayer", "the sermon", "the altar", "the parson", "the choir", "a hymn on Sunday"],
    }
    frames = ["They spoke of {0} and {1}.", "He remembered {0}, and then {1}.", "In the morning there was talk of {0} and of {1}.",
              "She wrote to her brother about {0} and {1}."]
    names = list(words)
    train, test = [], []  # the test names things that training does not
    for topic, one, other, frame in mixed(800, 4, 8, 8, len(frames)):
        pair = words[names[topic]]
        row = (frames[frame].format(pair[one], pair[other]), names[topic])
        if one != other and (one < 5) == (other < 5):
            (train if one < 5 else test).append(row)
    write_csv("topics.csv", ("text", "label"), train[:240])
    write_csv("topics-test.csv", ("text", "label"), test[:80])


def questions():
    people = ["Anna", "Peter", "Mary", "Thomas", "Clara", "Henry", "Alice", "Robert"]
    places = ["London", "Paris", "Rome", "Dublin", "Vienna", "Boston", "Lisbon", "Geneva", "Madrid", "Berlin"]
    verbs = [("lives in", "Where does {} live?"), ("was born in", "Where was {} born?"), ("has gone to", "Where has {} gone?")]
    data = []
    for number, (a, b, one, other, verb, ask) in enumerate(mixed(420, 8, 8, 10, 10, 3, 2)):
        if a == b or one == other:
            continue
        context = f"{people[a]} {verbs[verb][0]} {places[one]}, but {people[b]} {verbs[verb][0]} {places[other]}."
        person, place = ((a, one), (b, other))[ask]
        data.append({"title": "people", "paragraphs": [{"context": context, "qas": [{
            "id": f"q{number}", "question": verbs[verb][1].format(people[person]),
            "answers": [{"text": places[place], "answer_start": context.index(places[place])}]}]}]})
    for name, part in (("questions.json", data[:280]), ("questions-test.json", data[280:330])):
        (HERE / name).write_text(json.dumps({"version": "guide", "data": part}) + "\n", encoding="utf-8")


def summaries():
    who = ["the mayor", "the old doctor", "the young captain", "the bishop", "the school-master", "the queen"]
    what = [("build a bridge over the river", "bridge"), ("sell the great house on the hill", "house"), ("buy a ship in the north", "ship"),
            ("plant a garden behind the church", "garden"), ("write a book about the war", "book"), ("open a school for the poor", "school")]
    when = ["On Monday", "Late in the evening", "After a long silence", "In the spring", "Before the whole town"]
    why = ["and nobody could change his mind", "though his friends laughed at him", "as his father had wished", "and the people were glad of it"]
    rows = []
    for w, a, t, y in mixed(300, len(who), len(what), len(when), len(why)):
        source = f"{when[t]} {who[w]} stood up and declared that he would {what[a][0]}, {why[y]}."
        if who[w] == "the queen":
            source = source.replace(" he ", " she ").replace("his", "her").replace(" him", " her")
        rows.append({"text": source, "summary": f"{who[w][0].upper()}{who[w][1:]} and the {what[a][1]}."})
    write_lines("summaries.jsonl", rows[:240])
    write_lines("summaries-test.jsonl", rows[240:280])


def translations():
    nouns = [("man", "der", "Mann"), ("dog", "der", "Hund"), ("woman", "die", "Frau"), ("cat", "die", "Katze"), ("child", "das", "Kind"),
             ("horse", "das", "Pferd"), ("king", "der", "König"), ("sister", "die", "Schwester")]
    colours = [("old", "alte"), ("young", "junge"), ("good", "gute"), ("little", "kleine"), ("big", "große"), ("poor", "arme")]
    verbs = [("sleeps", "schläft"), ("laughs", "lacht"), ("sings", "singt"), ("goes home", "geht nach Hause"), ("eats bread", "isst Brot"),
             ("sees the moon", "sieht den Mond")]
    rows = []
    for n, c, v in mixed(260, len(nouns), len(colours), len(verbs)):
        english, article, german = nouns[n]
        rows.append({"translation": {"en": f"The {colours[c][0]} {english} {verbs[v][0]}.",
                                     "de": f"{article.capitalize()} {colours[c][1]} {german} {verbs[v][1]}."}})
    write_lines("translations.jsonl", rows[:220])
    write_lines("translations-test.jsonl", rows[220:])


def tales():
    """Sentences of a small grammar, for a language model that trains in seconds. Each has one choice of 8, 6, 8, 5 and 6."""
    people = ["king", "fox", "miller", "sailor", "witch", "girl", "wolf", "baker"]
    kinds = ["old", "clever", "little", "hungry", "kind", "lonely"]
    deeds = ["saw", "found", "lost", "loved", "stole", "carried", "sold", "hid"]
    things = ["lamp", "ring", "boat", "key", "crown"]
    places = ["in the forest", "by the sea", "on the hill", "near the mill", "at home", "in the snow"]
    lines = [f"The {kinds[b]} {people[a]} {deeds[c]} the {things[d]} {places[e]}.\n" for a, b, c, d, e in mixed(2200, 8, 6, 8, 5, 6)]
    (HERE / "tales.txt").write_text("".join(lines[:2000]), encoding="utf-8")
    (HERE / "tales-test.txt").write_text("".join(lines[2000:]), encoding="utf-8")


if __name__ == "__main__":
    for make in (reviews, topics, questions, summaries, translations, tales):
        make()
