using System.Globalization;

namespace Loggregator.Protocol.V1;

/// <summary>The names of dropsonde's PeerType and Method, by number.</summary>
internal static class HttpNames
{
    private static readonly byte[][] PeerTypes = ["Client"u8.ToArray(), "Server"u8.ToArray()];

    private static readonly byte[][] Methods =
    [
        "GET"u8.ToArray(), "POST"u8.ToArray(), "PUT"u8.ToArray(), "DELETE"u8.ToArray(), "HEAD"u8.ToArray(), "ACL"u8.ToArray(),
        "BASELINE_CONTROL"u8.ToArray(), "BIND"u8.ToArray(), "CHECKIN"u8.ToArray(), "CHECKOUT"u8.ToArray(), "CONNECT"u8.ToArray(),
        "COPY"u8.ToArray(), "DEBUG"u8.ToArray(), "LABEL"u8.ToArray(), "LINK"u8.ToArray(), "LOCK"u8.ToArray(), "MERGE"u8.ToArray(),
        "MKACTIVITY"u8.ToArray(), "MKCALENDAR"u8.ToArray(), "MKCOL"u8.ToArray(), "MKREDIRECTREF"u8.ToArray(), "MKWORKSPACE"u8.ToArray(),
        "MOVE"u8.ToArray(), "OPTIONS"u8.ToArray(), "ORDERPATCH"u8.ToArray(), "PATCH"u8.ToArray(), "PRI"u8.ToArray(), "PROPFIND"u8.ToArray(),
        "PROPPATCH"u8.ToArray(), "REBIND"u8.ToArray(), "REPORT"u8.ToArray(), "SEARCH"u8.ToArray(), "SHOWMETHOD"u8.ToArray(),
        "SPACEJUMP"u8.ToArray(), "TEXTSEARCH"u8.ToArray(), "TRACE"u8.ToArray(), "TRACK"u8.ToArray(), "UNBIND"u8.ToArray(),
        "UNCHECKOUT"u8.ToArray(), "UNLINK"u8.ToArray(), "UNLOCK"u8.ToArray(), "UPDATE"u8.ToArray(), "UPDATEREDIRECTREF"u8.ToArray(),
        "VERSION_CONTROL"u8.ToArray(),
    ];

    /// <summary>The number of a peer type; 0 for a name that does not exist.</summary>
    public static uint PeerType(ReadOnlySpan<byte> name) => Find(PeerTypes, name);

    /// <summary>The number of a method; 0 for a name that does not exist.</summary>
    public static uint Method(ReadOnlySpan<byte> name) => Find(Methods, name);

    /// <summary>The name of a peer type; a number without name in digits, written into <paramref name="scratch"/>.</summary>
    public static ReadOnlySpan<byte> PeerType(int number, Span<byte> scratch) => Name(PeerTypes, number, scratch);

    /// <summary>The name of a method; a number without name in digits, written into <paramref name="scratch"/>.</summary>
    public static ReadOnlySpan<byte> Method(int number, Span<byte> scratch) => Name(Methods, number, scratch);

    private static uint Find(byte[][] names, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (name.SequenceEqual(names[i]))
            {
                return (uint)i + 1;
            }
        }

        return 0;
    }

    private static ReadOnlySpan<byte> Name(byte[][] names, int number, Span<byte> scratch)
    {
        if (number >= 1 && number <= names.Length)
        {
            return names[number - 1];
        }

        number.TryFormat(scratch, out var length, default, CultureInfo.InvariantCulture);
        return scratch[..length];
    }
}
