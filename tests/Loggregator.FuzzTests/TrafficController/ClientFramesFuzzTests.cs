using System.Text;
using Loggregator.TestKit.WebSockets;
using Loggregator.TrafficController.Streams.WebSocket;
using Xunit;

namespace Loggregator.FuzzTests.TrafficController;

public sealed class ClientFramesFuzzTests
{
    [Fact]
    public void Garbage_NeverThrowsAndEndsInAnErrorOrACloseSoonerOrLater()
    {
        var random = new Random(1);
        var bytes = new byte[512];
        var errors = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            random.NextBytes(bytes);
            if (i % 2 == 0)
            {
                bytes[1] |= 0x80; // else hardly any gets past its second byte
                bytes[0] &= 0x8F;
            }

            errors += Last(Read(bytes, random.Next(1, bytes.Length))) == ClientEvent.Error ? 1 : 0;
        }

        Assert.InRange(errors, 500_000, 999_999);
    }

    [Fact]
    public void Sessions_DamagedOrNot_AreReadTheSameInWhateverPieces()
    {
        var random = new Random(2);
        var kinds = new int[6];
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = Session(random);
            for (var damage = random.Next(3); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            var whole = Read(bytes, bytes.Length);
            Assert.Equal(whole, Read(bytes, 1));
            Assert.Equal(whole, Read(bytes, random.Next(1, 64)));
            foreach (var found in whole)
            {
                kinds[(int)found.Kind]++;
            }
        }

        Assert.All(kinds[1..], count => Assert.InRange(count, 5_000, int.MaxValue)); // each kind has been seen
    }

    [Fact]
    public void Texts_AreJudgedAsTheFrameworkJudgesThem()
    {
        var random = new Random(3);
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var valid = 0;
        for (var i = 0; i < 300_000; i++)
        {
            var text = Encoding.UTF8.GetBytes(Some(random));
            if (random.Next(2) == 0 && text.Length > 0)
            {
                text[random.Next(text.Length)] = (byte)random.Next(256);
            }

            var expected = IsValid(strict, text);
            valid += expected ? 1 : 0;
            var read = Read(new ClientFrame(ClientFrame.Text, text).ToBytes(), random.Next(1, 9));
            Assert.Equal(expected ? ClientEvent.Message : ClientEvent.Error, Last(read));
        }

        Assert.InRange(valid, 100_000, 280_000);
    }

    private static byte[] Session(Random random)
    {
        var bytes = new List<byte>();
        var inMessage = false;
        for (var frames = random.Next(1, 8); frames > 0; frames--)
        {
            var opcode = random.Next(4) switch
            {
                0 => ClientFrame.Ping,
                1 => ClientFrame.Pong,
                _ => inMessage ? ClientFrame.Continuation : random.Next(1, 3),
            };
            var control = opcode >= ClientFrame.Close;
            var final = control || random.Next(2) == 0;
            inMessage = control ? inMessage : !final;
            var payload = control ? new byte[random.Next(126)] : Encoding.UTF8.GetBytes(Some(random));
            bytes.AddRange(new ClientFrame(opcode, payload, final).ToBytes());
        }

        if (random.Next(2) == 0)
        {
            bytes.AddRange(ClientFrame.CloseOf(1000 + random.Next(12), Encoding.UTF8.GetBytes(Some(random)[..1])).ToBytes());
        }

        return [.. bytes];
    }

    private static string Some(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(1, 40); i > 0; i--)
        {
            text.Append(new Rune(random.Next(5) switch { 0 => random.Next(0x80, 0x800), 1 => random.Next(0x800, 0xD800), 2 => random.Next(0x10000, 0x110000), _ => random.Next(0x20, 0x7F) }));
        }

        return text.ToString();
    }

    private static bool IsValid(UTF8Encoding strict, byte[] text)
    {
        try
        {
            strict.GetCharCount(text);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static ClientEvent Last(List<(ClientEvent Kind, int, string)> events) => events.Count > 0 ? events[^1].Kind : ClientEvent.None;

    private static List<(ClientEvent Kind, int Status, string Control)> Read(byte[] bytes, int piece)
    {
        var frames = new ClientFrames();
        var events = new List<(ClientEvent, int, string)>();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(at, Math.Min(piece, bytes.Length - at));
            while (frames.Read(ref rest) is var found and not ClientEvent.None)
            {
                events.Add((found, frames.Status, found is ClientEvent.Ping or ClientEvent.Pong ? Convert.ToHexString(frames.Control) : ""));
                if (found is ClientEvent.Error or ClientEvent.Close)
                {
                    return events;
                }
            }

            Assert.True(rest.IsEmpty);
        }

        return events;
    }
}
