namespace Loggregator.FuzzTests.Protocol;

/// <summary>Mutates a corpus without allocating; the same seed yields the same inputs.</summary>
internal sealed class Mutator(byte[][] corpus, int seed, int maxLength)
{
    private static readonly byte[] Interesting =
        [0x00, 0x01, 0x02, 0x04, 0x07, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x10, 0x11, 0x12, 0x1A, 0x1B, 0x1C, 0x22, 0x2A, 0x32, 0x3A, 0x4A, 0x52, 0x7F, 0x80, 0xC0, 0xC2, 0xED, 0xF4, 0xFF];

    private readonly Random _random = new(seed);
    private readonly byte[] _buffer = new byte[maxLength];

    public ReadOnlySpan<byte> Next()
    {
        var source = corpus[_random.Next(corpus.Length)];
        source.CopyTo(_buffer, 0);
        var length = source.Length;
        for (var times = _random.Next(4); times > 0; times--)
        {
            length = Mutate(length);
        }

        return _buffer.AsSpan(0, length);
    }

    private int Mutate(int length)
    {
        var at = _random.Next(length + 1);
        switch (_random.Next(8))
        {
            case 0 when at < length:
                _buffer[at] ^= (byte)(1 << _random.Next(8));
                return length;
            case 1 when at < length:
                _buffer[at] = Interesting[_random.Next(Interesting.Length)];
                return length;
            case 2 when at < length:
                _buffer[at] += (byte)_random.Next(-2, 3);
                return length;
            case 3:
                return at;
            case 4:
                var cut = _random.Next(Math.Min(8, length - at + 1));
                _buffer.AsSpan(at + cut, length - at - cut).CopyTo(_buffer.AsSpan(at));
                return length - cut;
            case 5:
                var other = corpus[_random.Next(corpus.Length)];
                var copied = Math.Min(other.Length, _buffer.Length - length);
                other.AsSpan(0, copied).CopyTo(_buffer.AsSpan(length));
                return length + copied;
            case 6 when length < _buffer.Length:
                _buffer.AsSpan(at, length - at).CopyTo(_buffer.AsSpan(at + 1));
                _buffer[at] = Interesting[_random.Next(Interesting.Length)];
                return length + 1;
            default:
                var size = Math.Min(_random.Next(16), length - at);
                _random.NextBytes(_buffer.AsSpan(at, size));
                return length;
        }
    }
}
