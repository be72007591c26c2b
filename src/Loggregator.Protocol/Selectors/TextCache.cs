using System.Text;

namespace Loggregator.Protocol.Selectors;

/// <summary>Texts of UTF-8, one object however often a text comes. One thread.</summary>
public sealed class TextCache
{
    private const int BytesPerText = 64; // the object and its place here
    private readonly HashSet<string> _texts = new(StringComparer.Ordinal);
    private char[] _letters = new char[256];

    /// <summary>Memory that the texts take, bytes; about.</summary>
    public long Bytes { get; private set; }

    /// <summary>The text.</summary>
    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (_letters.Length < utf8.Length)
        {
            _letters = new char[utf8.Length * 2];
        }

        var letters = _letters.AsSpan(0, Encoding.UTF8.GetChars(utf8, _letters));
        if (_texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(letters, out var known))
        {
            return known;
        }

        var text = letters.ToString();
        _texts.Add(text);
        Bytes += (text.Length * 2) + BytesPerText;
        return text;
    }
}
