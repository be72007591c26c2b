namespace Loggregator.Pipeline.Series;

/// <summary>The names that series have, each once. Store's lock.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<ulong, SeriesName> _names = [];

    /// <summary>The name of these bytes; <see cref="Release"/> it when the series is gone.</summary>
    public SeriesName Intern(ReadOnlySpan<byte> utf8, ulong hash)
    {
        if (!_names.TryGetValue(hash, out var name))
        {
            name = new SeriesName(utf8.ToArray(), hash);
            _names.Add(hash, name);
        }
        else if (!utf8.SequenceEqual(name.Utf8))
        {
            return new SeriesName(utf8.ToArray(), hash); // another one has its hash: it stays by itself
        }

        name.Uses++;
        return name;
    }

    public void Release(SeriesName name)
    {
        if (--name.Uses == 0)
        {
            _names.Remove(name.Hash);
        }
    }
}
