using System.Text;

namespace Loggregator.Nozzle.Filters;

/// <summary>A pattern for source ids: <c>*</c> stands for any bytes, <c>?</c> for one, everything else for itself. Immutable.</summary>
internal sealed class SourceGlob(string pattern)
{
    private readonly byte[] _pattern = Encoding.UTF8.GetBytes(pattern);

    /// <summary>Whether a source id matches. Takes time in proportion to the two lengths multiplied, at the worst.</summary>
    public bool Matches(ReadOnlySpan<byte> source)
    {
        int at = 0, place = 0, star = -1, resume = 0;
        while (at < source.Length)
        {
            if (place < _pattern.Length && _pattern[place] == '*')
            {
                (star, resume) = (place++, at);
            }
            else if (place < _pattern.Length && (_pattern[place] == '?' || _pattern[place] == source[at]))
            {
                at++;
                place++;
            }
            else if (star >= 0)
            {
                (place, at) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        return _pattern.AsSpan(place).IndexOfAnyExcept((byte)'*') < 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(_pattern);
}
