using System.Buffers.Binary;
using System.Net.Sockets;
using Xunit;

namespace Loggregator.IntegrationTests.Tls;

/// <summary>The first message of a TLS client, of any version and with any cipher suite, also those that no library speaks any more.</summary>
internal static class ClientHello
{
    private const byte Handshake = 22, Alert = 21;

    // Groups (x25519, P-256), point formats, and signatures (RSA-PSS, RSA and ECDSA with SHA-256, RSA with SHA-1): RFC 5246, RFC 8422.
    private static readonly byte[] Extensions =
    [
        0x00, 0x0A, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1D, 0x00, 0x17,
        0x00, 0x0B, 0x00, 0x02, 0x01, 0x00,
        0x00, 0x0D, 0x00, 0x0A, 0x00, 0x08, 0x08, 0x04, 0x04, 0x01, 0x04, 0x03, 0x02, 0x01,
    ];

    /// <summary>Says hello and reads the answer: the suite that the server chose, or null when it refused.</summary>
    public static async Task<int?> SayAsync(Socket socket, ushort version, params ushort[] suites)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Write(version, suites), cancel);
        var answer = new byte[1024];
        try
        {
            await stream.ReadExactlyAsync(answer.AsMemory(0, 5), cancel);
            await stream.ReadExactlyAsync(answer.AsMemory(5, Math.Min(answer.Length - 5, BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(3)))), cancel);
        }
        catch (IOException)
        {
            return null; // refused without a word
        }

        Assert.True(answer[0] is Handshake or Alert, $"The answer begins with {answer[0]}.");

        // ServerHello: type and length (4), version (2), random (32), session id with its length, suite.
        return answer[0] == Alert ? null : BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(5 + 4 + 2 + 32 + 1 + answer[43]));
    }

    private static byte[] Write(ushort version, ushort[] suites)
    {
        byte[] body =
        [
            .. Number(version), .. new byte[32], 0, .. Number(suites.Length * 2), .. suites.SelectMany(suite => Number(suite)), 1, 0, .. Number(Extensions.Length), .. Extensions,
        ];
        return [Handshake, 3, 1, .. Number(body.Length + 4), 1, 0, .. Number(body.Length), .. body];
    }

    private static byte[] Number(int value) => [(byte)(value >> 8), (byte)value];
}
