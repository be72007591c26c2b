using System.Text;
using Loggregator.TestKit.WebSockets;
using Loggregator.TrafficController.Streams.WebSocket;
using Xunit;

namespace Loggregator.Tests.TrafficController.WebSocket;

/// <summary>The cases of the Autobahn test suite that concern what a server reads, by their numbers there.</summary>
public sealed class ClientFramesTests
{
    public static TheoryData<string, ClientFrame[], string> Cases() => new()
    {
        { "1.1.1 empty text", [Text("")], "Message" },
        { "1.1.2 125", [Text(new string('*', 125))], "Message" },
        { "1.1.3 126", [Text(new string('*', 126))], "Message" },
        { "1.1.6 65535", [Text(new string('*', 65535))], "Message" },
        { "1.1.7 65536", [Text(new string('*', 65536))], "Message" },
        { "1.2.7 binary", [new(ClientFrame.Binary, new byte[65536])], "Message" },
        { "2.1 empty ping", [new(ClientFrame.Ping, [])], "Ping:" },
        { "2.3 binary ping", [new(ClientFrame.Ping, [0, 255, 254, 253, 0])], "Ping:00FFFEFD00" },
        { "2.4 125", [new(ClientFrame.Ping, new byte[125])], "Ping:" + new string('0', 250) },
        { "2.5 126", [new(ClientFrame.Ping, new byte[126])], "Error 1002" },
        { "2.7 unsolicited pong", [new(ClientFrame.Pong, [])], "Pong:" },
        { "2.9 pong, then ping", [new(ClientFrame.Pong, [1]), new(ClientFrame.Ping, [2])], "Pong:01 Ping:02" },
        { "3.1 RSV1", [Text("a") with { Reserved = 4 }], "Error 1002" },
        { "3.2 RSV2 behind a message", [Text("a"), Text("a") with { Reserved = 2 }, new(ClientFrame.Ping, [])], "Message Error 1002" },
        { "3.3 RSV3", [Text("a") with { Reserved = 1 }], "Error 1002" },
        { "3.5 RSV1 and RSV3 of a binary", [new(ClientFrame.Binary, [1], Reserved: 5)], "Error 1002" },
        { "3.6 all of a ping", [new(ClientFrame.Ping, [1], Reserved: 7)], "Error 1002" },
        { "3.7 all of a close", [ClientFrame.CloseOf(1000) with { Reserved = 7 }], "Error 1002" },
        { "4.1.1 opcode 3", [new(3, [])], "Error 1002" },
        { "4.1.2 opcode 4", [new(4, [1])], "Error 1002" },
        { "4.1.5 opcode 7 behind a message", [Text("a"), new(7, [1])], "Message Error 1002" },
        { "4.2.1 opcode 11", [new(11, [])], "Error 1002" },
        { "4.2.5 opcode 15", [new(15, [1])], "Error 1002" },
        { "5.1 fragmented ping", [new(ClientFrame.Ping, [1], Final: false), new(ClientFrame.Continuation, [1])], "Error 1002" },
        { "5.2 fragmented pong", [new(ClientFrame.Pong, [1], Final: false)], "Error 1002" },
        { "5.3 two fragments", [Text("a") with { Final = false }, new(ClientFrame.Continuation, [98])], "Message" },
        { "5.6 ping between", [Text("a") with { Final = false }, new(ClientFrame.Ping, [7]), new(ClientFrame.Continuation, [98])], "Ping:07 Message" },
        { "5.9 nothing to continue", [new(ClientFrame.Continuation, [1]), Text("a")], "Error 1002" },
        { "5.10 nothing to continue, not final", [new(ClientFrame.Continuation, [1], Final: false)], "Error 1002" },
        { "5.15 message, then a continuation", [Text("a") with { Final = false }, new(0, [98]), new(0, [99])], "Message Error 1002" },
        { "5.18 text inside a message", [Text("a") with { Final = false }, Text("b")], "Error 1002" },
        { "6.1.2 three empty fragments", [Text("") with { Final = false }, new(0, [], Final: false), new(0, [])], "Message" },
        { "6.2.1 UTF-8", [Text("Hello-µ@ßöäüàá-UTF-8!!")], "Message" },
        { "6.2.3 every byte a fragment", Bytewise("κόσμε"), "Message" },
        { "6.3.1 invalid", [new(1, Convert.FromHexString("CEBAE1BDB9CF83CEBCCEB5EDA080656469746564"))], "Error 1007" },
        { "6.4.1 fails at once", [new(1, Convert.FromHexString("CEBAE1BDB9CF83CEBCCEB5F4"), Final: false), new(0, [0x90], Final: false)], "Error 1007" },
        { "6.6.1 ends inside a character", [new(1, [0xCE])], "Error 1007" },
        { "6.12.1 lone continuation", [new(1, [0x80])], "Error 1007" },
        { "6.14.1 lead without continuation", [new(1, [0xC3, 0x20])], "Error 1007" },
        { "6.16.1 five bytes long", [new(1, Convert.FromHexString("F888808080"))], "Error 1007" },
        { "6.17.1 overlong", [new(1, [0xC0, 0xAF])], "Error 1007" },
        { "6.18.1 overlong", [new(1, Convert.FromHexString("E080AF"))], "Error 1007" },
        { "6.19.1 overlong", [new(1, Convert.FromHexString("F08080AF"))], "Error 1007" },
        { "6.20.1 surrogate", [new(1, Convert.FromHexString("EDA080"))], "Error 1007" },
        { "6.22.1 noncharacter", [new(1, Convert.FromHexString("EFBFBE"))], "Message" },
        { "6.5.5 largest", [new(1, Convert.FromHexString("F48FBFBF"))], "Message" },
        { "6.5.5 beyond", [new(1, Convert.FromHexString("F4908080"))], "Error 1007" },
        { "bytes that are no text, in a binary message", [new(2, [0xFF, 0xFE])], "Message" },
        { "7.3.1 close without payload", [new(ClientFrame.Close, [])], "Close 1005" },
        { "7.3.2 payload of 1", [new(ClientFrame.Close, [3])], "Error 1002" },
        { "7.3.3 code", [ClientFrame.CloseOf(1000)], "Close 1000" },
        { "7.3.4 code and reason", [ClientFrame.CloseOf(1000, "bye"u8.ToArray())], "Close 1000" },
        { "7.3.5 longest reason", [ClientFrame.CloseOf(1000, new byte[123])], "Close 1000" },
        { "7.3.6 too long a reason", [ClientFrame.CloseOf(1000, new byte[124])], "Error 1002" },
        { "7.5.1 reason is not UTF-8", [ClientFrame.CloseOf(1000, Convert.FromHexString("CEBAE1BDB9CF83CEBCCEB5EDA080"))], "Error 1007" },
        { "not masked", [Text("a") with { Masked = false }], "Error 1002" },
        { "a control frame that is not masked", [new(ClientFrame.Ping, [], Masked: false)], "Error 1002" },
        { "too large", [new(2, new byte[65537])], "Error 1009" },
        { "too large in fragments", [new(2, new byte[40_000], Final: false), new(0, new byte[40_000])], "Error 1009" },
    };

    public static TheoryData<int, bool> Codes()
    {
        var data = new TheoryData<int, bool>();
        foreach (var code in new[] { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999 })
        {
            data.Add(code, true); // 7.7
        }

        foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535 })
        {
            data.Add(code, false); // 7.9, 7.13
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Frames_InOnePieceAndByteByByte_AreReadAlike(string name, ClientFrame[] frames, string expected)
    {
        byte[] bytes = [.. frames.SelectMany(frame => frame.ToBytes())];
        Assert.True(Events(bytes, bytes.Length) is var whole && whole == expected, $"{name}: {whole}");
        Assert.Equal(expected, Events(bytes, 1)); // 2.6, 2.11
        Assert.Equal(expected, Events(bytes, 3));
        Assert.Equal(expected, Events(bytes, 997));
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Close_OfEveryKindOfCode_IsJudged(int code, bool valid) =>
        Assert.Equal(valid ? $"Close {code}" : "Error 1002", Events(ClientFrame.CloseOf(code).ToBytes(), 100));

    [Fact]
    public void Length_ThatIsAbsurd_IsRefusedFromTheHeaderAlone()
    {
        Assert.Equal("Error 1009", Events([0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4], 100));
        Assert.Equal("Error 1009", Events([0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4], 100));
    }

    [Fact]
    public void Kind_ThatIsWrong_IsRefusedBeforeTheLengthHasCome() => Assert.Equal("Error 1002", Events([0xC2, 0xFF], 100));

    [Fact]
    public void Error_IsFinal()
    {
        var frames = new ClientFrames();
        ReadOnlySpan<byte> bytes = new ClientFrame(3, []).ToBytes();
        Assert.Equal(ClientEvent.Error, frames.Read(ref bytes));
        bytes = new ClientFrame(ClientFrame.Ping, []).ToBytes();
        Assert.Equal(ClientEvent.Error, frames.Read(ref bytes));
        Assert.Equal(CloseStatus.ProtocolError, frames.Status);
        Assert.NotEmpty(frames.Error);
    }

    private static ClientFrame Text(string text) => new(ClientFrame.Text, Encoding.UTF8.GetBytes(text));

    private static ClientFrame[] Bytewise(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. bytes.Select((b, i) => new ClientFrame(i == 0 ? 1 : 0, [b], Final: i == bytes.Length - 1))];
    }

    private static string Events(byte[] bytes, int piece)
    {
        var frames = new ClientFrames();
        var events = new List<string>();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(at, Math.Min(piece, bytes.Length - at));
            while (true)
            {
                var found = frames.Read(ref rest);
                if (found == ClientEvent.None)
                {
                    Assert.True(rest.IsEmpty);
                    break;
                }

                events.Add(found switch
                {
                    ClientEvent.Ping or ClientEvent.Pong => $"{found}:{Convert.ToHexString(frames.Control)}",
                    ClientEvent.Close or ClientEvent.Error => $"{found} {frames.Status}",
                    _ => found.ToString(),
                });
                if (found is ClientEvent.Close or ClientEvent.Error)
                {
                    return string.Join(' ', events);
                }
            }
        }

        return string.Join(' ', events);
    }
}
