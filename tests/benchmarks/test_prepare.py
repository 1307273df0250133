"""Preparing data: originals in the shapes their repositories publish, made small."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def originals(folder: Path) -> None:
    turn = {"speaker": "Ann", "dia_id": "D1:1", "text": "I moved to Oslo."}
    conversation = {"session_1": [turn], "session_1_date_time": "1:56 pm on 8 May, 2023"}
    question = {"question": "Where?", "answer": "Oslo", "evidence": ["D1:1"], "category": 4}
    sample = {"sample_id": "conv-1", "conversation": conversation, "qa": [question]}
    write(folder / "locomo/data/locomo10.json", [sample])
    said = [
        {"role": "user", "id": 0, "time_anchor": "March-15-2024", "content": "Hi there ->-> 1,1"},
        {"role": "assistant", "id": 1, "content": "Hello!"},
    ]
    write(folder / "BEAM/chats/100K/1/chat.json", [{"batch_number": 1, "turns": [said]}])
    asked = {"information_extraction": [{"question": "Hi?", "source_chat_ids": [0]}]}
    write(folder / "BEAM/chats/100K/1/probing_questions/probing_questions.json", asked)
    docs = [
        {
            "title": "T",
            "text": "x",
            "extracted_entities": ["T"],
            "extracted_triples": [["a", "b", "c"]],
        }
    ]
    name = "openie_musique_train_results_ner_gpt-3.5-turbo-1106_1890.json"
    write(folder / "HippoRAG/output" / name, {"docs": docs})
    paragraph = {"title": "T", "paragraph_text": "x", "is_supporting": True}
    musique = {"id": "q", "question": "?", "answer": "!", "paragraphs": [paragraph]}
    write(folder / "HippoRAG/data/musique_train.json", [musique])
    hotpot = {"_id": "h", "question": "?", "answer": "!", "supporting_facts": [["T", 0]]}
    hotpot["context"] = [["T", ["x", "y"]], ["U", ["z"]]]
    write(folder / "HippoRAG/data/hotpotqa_train.json", [hotpot])
    write(folder / "HippoRAG/data/hotpotqa_train_corpus.json", {"T": ["x", "y"]})


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "benchmarks/prepare.py", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def test_what_is_prepared_is_what_the_benchmarks_read(tmp_path: Path) -> None:
    originals(tmp_path / "originals")
    done = run("--originals", tmp_path / "originals", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "segmentation: left out" in done.stderr and "gate: left out" in done.stderr
    read = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from conversations import beam, locomo; data = Path(sys.argv[2])\n"
        "[chat], [talk] = beam(data), locomo(data)\n"
        "assert [t.text for t in chat.turns] == ['Hi there', 'Hello!'], chat\n"
        "assert chat.questions[0].evidence == {'0'} and talk.questions[0].evidence == {'D1:1'}\n"
    )
    command = [sys.executable, "-c", read, str(ROOT / "benchmarks"), str(tmp_path / "data")]
    subprocess.run(command, check=True)
    gold = json.loads((tmp_path / "data/hotpotqa/questions_dev.json").read_text())[0]["gold"]
    assert gold == [{"title": "T", "text": "xy"}]
    [passage] = json.loads((tmp_path / "data/musique/corpus_openie.json").read_text())
    assert passage == {"title": "T", "text": "x", "entities": ["T"], "triples": [["a", "b", "c"]]}


def test_nothing_to_prepare_is_said(tmp_path: Path) -> None:
    done = run("--originals", tmp_path, "--data", tmp_path / "data")
    assert done.returncode == 1
    assert done.stderr.count("left out") == 5
