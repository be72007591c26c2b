namespace Loggregator.Tests.Protocol;

/// <summary>Damages bytes the same way for the same seed.</summary>
internal static class Damage
{
    private static readonly byte[] Interesting = [0x00, 0x01, 0x07, 0x08, 0x0A, 0x0B, 0x0C, 0x12, 0x1A, 0x1B, 0x4A, 0x7F, 0x80, 0xC0, 0xED, 0xFF];

    public static byte[] Apply(byte[] bytes, uint seed)
    {
        var random = new Random((int)seed);
        var result = new List<byte>(bytes);
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(result.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < result.Count:
                    result[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < result.Count:
                    result[at] = Interesting[random.Next(Interesting.Length)];
                    break;
                case 2:
                    result.RemoveRange(at, random.Next(Math.Min(4, result.Count - at + 1)));
                    break;
                case 3:
                    result.Insert(at, Interesting[random.Next(Interesting.Length)]);
                    break;
                case 4:
                    result.RemoveRange(at, result.Count - at);
                    break;
                default:
                    result.InsertRange(at, result.GetRange(0, at));
                    break;
            }
        }

        return [.. result];
    }
}
