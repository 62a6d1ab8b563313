"""Peers in enhanced mode (MSH-15 and MSH-16 AL), made of python-hl7's asyncio MLLP streams and judged by its parser: one
that hears CA and then the application's word on the same socket, and one that is the server of a return channel."""
import asyncio
import re

from hl7 import parse
from hl7.mllp import open_hl7_connection, start_hl7_server

from harness import samples
from harness.daemon import LONG, until


def asking(n, **changes):
    return parse("\r".join(samples.booking(n).with_(MSH_15="AL", MSH_16="AL", **changes).segments) + "\r")


def msa(message):
    return str(message.segment("MSA")[1]), str(message.segment("MSA")[2])


def own(message):
    return str(message.segment("MSH")[10])


def modes(message):
    return message.extract_field("MSH", 1, 15), message.extract_field("MSH", 1, 16)


def test_both_on_one_socket(daemon):
    """Pipelined: every id has CA first and its application acknowledgement later, once: AR when no booking can be read
    from it."""
    async def talk():
        reader, writer = await open_hl7_connection("127.0.0.1", daemon.ports["mllp"], encoding="utf-8")
        sent = [asking(n) for n in range(20)] + [asking(20, MSH_11="X"), asking(21, SCH_2="", SCH_1="")]
        for message in sent:
            writer.writemessage(message)
        await writer.drain()
        heard = []
        while len(heard) < 2 * len(sent) - 1:  # what the header check refuses has no application acknowledgement
            heard.append(await asyncio.wait_for(reader.readmessage(), LONG))
        writer.close()
        return [own(m) for m in sent], heard

    ids, heard = asyncio.run(talk())
    first, later = {}, {}
    for message in heard:
        code, about = msa(message)
        if code[0] == "C":
            assert about not in first and modes(message) == ("", ""), message
            first[about] = code
        else:
            assert about in first and about not in later and modes(message) == ("NE", "NE"), message
            later[about] = code
    assert list(first) == ids, "in the order they came"
    assert [first.pop(i) for i in ids] == ["CA"] * 20 + ["CR", "CA"]
    assert [later[i] for i in ids if i in later] == ["AA"] * 20 + ["AR"] and ids[20] not in later
    assert len({own(m) for m in heard}) == len(heard)
    daemon.settled(acked=21)
    print(f"22 sent: 21 CA, 1 CR, {len(later)} application acknowledgements: {sorted(later.values())}")


class Channel:
    """The server of a return channel. plan: what to do with the n-th message: "CA", "late", "never", "close"; then CA."""

    def __init__(self, plan):
        self.plan, self.heard, self.late = list(plan), [], None

    async def serve(self, reader, writer):
        while True:
            try:
                message = await reader.readmessage()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            what = self.plan.pop(0) if self.plan else "CA"
            self.heard.append((what, own(message), *msa(message), modes(message), str(message)))
            if what == "close":
                writer.close()
                return
            if what == "late":  # said when the same message comes again, before that one's own answer
                self.late = message
            elif what == "CA":
                for one in [self.late, message] if self.late else [message]:
                    writer.writemessage(one.create_ack("CA"))
                self.late = None
                await writer.drain()


def test_a_return_channel(make_daemon):
    """CA, late and not at all: what is not answered comes again under the same MSH-10, byte for byte; MSA-2 is the id that
    the sender gave; in order; and on the sender's own socket nothing follows CA."""
    channel = Channel(["CA", "never", "CA", "late", "CA", "close", "CA"])

    async def run():
        server = await start_hl7_server(channel.serve, "127.0.0.1", 0, encoding="utf-8")
        port = server.sockets[0].getsockname()[1]
        daemon = make_daemon(settings=(
            "senders: [{name: clinic, application: SCHED, channel: acks}]\n"
            f"channels: [{{name: acks, to: 127.0.0.1:{port}, plain: yes}}]\n"
            "outbound: {retry_first: 100ms, retry_most: 200ms, answer_timeout: 1s}"))
        await asyncio.to_thread(daemon.start)
        reader, writer = await open_hl7_connection("127.0.0.1", daemon.ports["mllp"], encoding="utf-8")
        for n in range(1, 6):
            writer.writemessage(asking(n))
            await writer.drain()
            answer = await asyncio.wait_for(reader.readmessage(), LONG)
            assert msa(answer) == ("CA", f"B{n:08d}"), answer
        await asyncio.to_thread(until, lambda: accepted(daemon) == 5, "five accepted")
        writer.writemessage(asking(6, MSH_11="X"))  # a probe: nothing else came on this socket
        assert msa(await asyncio.wait_for(reader.readmessage(), LONG)) == ("CR", "B00000006")
        writer.close()
        await asyncio.to_thread(daemon.settled, acked=5, notified=5)
        await asyncio.to_thread(daemon.close)
        server.close()

    asyncio.run(run())
    assert [(what, about) for what, _, _, about, _, _ in channel.heard] == [
        ("CA", "B00000001"), ("never", "B00000002"), ("CA", "B00000002"), ("late", "B00000003"), ("CA", "B00000003"),
        ("close", "B00000004"), ("CA", "B00000004"), ("CA", "B00000005")], channel.heard
    assert all(code == "AA" and mode == ("AL", "NE") for _, _, code, _, mode, _ in channel.heard)
    for a, b in ((1, 2), (3, 4), (5, 6)):
        assert channel.heard[a][5] == channel.heard[b][5], "the same bytes under the same MSH-10"
    assert len({id_ for _, id_, *_ in channel.heard}) == 5


def accepted(daemon):
    _, _, text = daemon.http("admin", "GET", "/metrics")
    found = re.search(rb'^tidings_outbound_total\{event="accepted"\} (\d+)$', text, re.MULTILINE)
    return int(found[1]) if found else 0
