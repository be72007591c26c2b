namespace Loggregator.Tests.Protocol;

/// <summary>What the original's programs wrote: serialised envelopes in hex, and the gateway's answer.</summary>
internal static class Golden
{
    public static string Text(string name)
    {
        using var stream = typeof(Golden).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public static byte[] Bytes(string name)
    {
        using var stream = typeof(Golden).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static byte[][] Envelopes(string name) =>
        [.. Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Convert.FromHexString)];

    /// <summary>The inputs that have a payload: what comes out of an original Doppler.</summary>
    public static byte[][] InputsWithPayload() =>
        [.. Envelopes("inputs.hex").Where(bytes => Loggregator.Protocol.V2.Envelope.Parser.ParseFrom(bytes).MessageCase != Loggregator.Protocol.V2.Envelope.MessageOneofCase.None)];
}
