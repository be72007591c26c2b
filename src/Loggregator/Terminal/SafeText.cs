using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Loggregator.Terminal;

/// <summary>
/// Makes text of unknown origin harmless for a terminal: escape sequences go, other control characters become visible, and so do the
/// characters that turn the direction of writing, with which a line can pretend to be another.
/// </summary>
internal static partial class SafeText
{
    private static readonly SearchValues<char> Suspicious = SearchValues.Create(Characters());

    /// <summary>The text without anything that a terminal would act on; line breaks too become visible.</summary>
    public static string Clean(string text) => text.AsSpan().ContainsAny(Suspicious) ? Rewrite(Escapes().Replace(text, "")) : text;

    /// <summary>Cleans UTF-8; what is not UTF-8 shows as U+FFFD.</summary>
    public static string Clean(ReadOnlySpan<byte> utf8) => Clean(Encoding.UTF8.GetString(utf8));

    /// <summary>Escapes in JSON text the control characters that JSON itself lets through.</summary>
    public static string CleanJson(string json)
    {
        if (!json.AsSpan().ContainsAny(Suspicious))
        {
            return json;
        }

        var clean = new StringBuilder(json.Length + 16);
        foreach (var c in json)
        {
            if (IsSuspicious(c))
            {
                clean.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                clean.Append(c);
            }
        }

        return clean.ToString();
    }

    private static string Rewrite(string text)
    {
        var clean = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            clean.Append(c switch
            {
                _ when !IsSuspicious(c) => c,
                < ' ' => (char)(0x2400 + c), // the picture of the control character
                '\u007f' => '\u2421',
                _ => '\ufffd',
            });
        }

        return clean.ToString();
    }

    private static bool IsSuspicious(char c) =>
        (char.IsControl(c) && c != '\t') || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' or '\u200e' or '\u200f';

    private static char[] Characters() => [.. Enumerable.Range(0, 0x2100).Select(i => (char)i).Where(IsSuspicious)];

    /// <summary>CSI, OSC (to its terminator or the end) and two-character escapes, in their 7-bit and 8-bit forms.</summary>
    [GeneratedRegex("(?:\\e\\[|\\u009b)[0-?]*[ -/]*[@-~]|(?:\\e[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\a\\e\\u009c]*(?:\\a|\\e\\\\|\\u009c|$)|\\e[ -/]*[0-~]")]
    private static partial Regex Escapes();
}
