using System.Globalization;
using System.Text;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// The parameters of a query as the original's URL parser sees them: pairs with a semicolon or a broken escape are dropped silently,
/// a name without value has the empty one, names are case-sensitive.
/// </summary>
internal sealed class QueryPairs
{
    private readonly List<KeyValuePair<string, string>> _pairs = [];

    public QueryPairs(string? query)
    {
        foreach (var pair in (query ?? "").TrimStart('?').Split('&'))
        {
            if (pair.Length == 0 || pair.Contains(';'))
            {
                Error ??= pair.Length == 0 ? null : "invalid semicolon separator in query";
                continue;
            }

            var equals = pair.IndexOf('=');
            if (TryUnescape(equals < 0 ? pair : pair[..equals], out var name) && TryUnescape(equals < 0 ? "" : pair[(equals + 1)..], out var value))
            {
                _pairs.Add(new(name, value));
            }
            else
            {
                Error ??= BadEscape(pair);
            }
        }
    }

    /// <summary>What was wrong with the first pair that was dropped, in the original's words; null when none was.</summary>
    public string? Error { get; }

    /// <summary>Each name once.</summary>
    public IEnumerable<string> Names => _pairs.Select(pair => pair.Key).Distinct();

    public bool IsEmpty => _pairs.Count == 0;

    public bool Has(string name) => _pairs.Exists(pair => pair.Key == name);

    /// <summary>The first value; null when there is none.</summary>
    public string? First(string name) => _pairs.Find(pair => pair.Key == name).Value;

    public List<string> All(string name) => [.. _pairs.Where(pair => pair.Key == name).Select(pair => pair.Value)];

    /// <summary>Names the first broken escape of a text that has one.</summary>
    public static string BadEscape(string text)
    {
        var at = 0;
        while ((at = text.IndexOf('%', at)) >= 0 && at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]))
        {
            at += 3;
        }

        return $"invalid URL escape \"{(at < 0 ? "" : text.Substring(at, Math.Min(3, text.Length - at)))}\"";
    }

    /// <summary>Decodes <c>%XX</c> and <c>+</c>; false where an escape is broken.</summary>
    public static bool TryUnescape(string escaped, out string text)
    {
        text = escaped;
        if (!escaped.AsSpan().ContainsAny('%', '+'))
        {
            return true;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(escaped.Length)];
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '%')
            {
                if (i + 2 >= escaped.Length
                    || !byte.TryParse(escaped.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[length]))
                {
                    return false;
                }

                length++;
                i += 2;
            }
            else if (escaped[i] == '+')
            {
                bytes[length++] = (byte)' ';
            }
            else
            {
                var chars = char.IsHighSurrogate(escaped[i]) && i + 1 < escaped.Length ? 2 : 1;
                length += Encoding.UTF8.GetBytes(escaped.AsSpan(i, chars), bytes.AsSpan(length));
                i += chars - 1;
            }
        }

        text = Encoding.UTF8.GetString(bytes, 0, length);
        return true;
    }
}
