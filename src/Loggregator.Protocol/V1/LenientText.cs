using System.Text;
using System.Text.Unicode;

namespace Loggregator.Protocol.V1;

/// <summary>Dropsonde's strings, which nobody checked, made strings that every v2 reader takes.</summary>
internal static class LenientText
{
    /// <summary>The text; a copy, in which U+FFFD stands for what is no UTF-8, if it has such.</summary>
    public static ReadOnlySpan<byte> Repair(ReadOnlySpan<byte> text) =>
        Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text));
}
