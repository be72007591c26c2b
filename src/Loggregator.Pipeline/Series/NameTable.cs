namespace Loggregator.Pipeline.Series;

/// <summary>The names that series have, each once. Store's lock.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<ulong, SeriesName> _names = [];

    public IReadOnlyCollection<SeriesName> All => _names.Values;

    /// <summary>The name of these bytes; <see cref="Release"/> it when the series is gone.</summary>
    public SeriesName Intern(ReadOnlySpan<byte> utf8, ulong hash)
    {
        SeriesName? name;
        var key = hash;
        while (_names.TryGetValue(key, out name) && !utf8.SequenceEqual(name.Utf8))
        {
            key++; // another one has its hash
        }

        if (name is null)
        {
            name = new SeriesName(utf8.ToArray(), hash, key);
            _names.Add(key, name);
        }

        name.Uses++;
        return name;
    }

    public void Release(SeriesName name)
    {
        if (--name.Uses == 0)
        {
            _names.Remove(name.Key);
        }
    }
}
