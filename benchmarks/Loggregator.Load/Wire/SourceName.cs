using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Loggregator.Load.Wire;

/// <summary>Source ids in the shape of application GUIDs: the index in front, the run behind, always 36 characters.</summary>
internal static class SourceName
{
    /// <summary>Characters, and bytes, of a name.</summary>
    public const int Length = 36;

    /// <summary>Characters at the front that hold the index.</summary>
    public const int IndexLength = 8;

    public static string Of(int source, uint run) => string.Create(CultureInfo.InvariantCulture, $"{source:x8}-6c6f-4164-a000-{run:x12}");

    /// <summary>The index, if this is a name of this run.</summary>
    public static bool TryParse(ReadOnlySpan<byte> name, uint run, out int source)
    {
        source = 0;
        Span<byte> expected = stackalloc byte[Length];
        return name.Length == Length
            && Utf8Parser.TryParse(name[..IndexLength], out source, out var read, 'x')
            && read == IndexLength
            && Encoding.ASCII.GetBytes(Of(0, run), expected) == Length
            && name[IndexLength..].SequenceEqual(expected[IndexLength..]);
    }
}
