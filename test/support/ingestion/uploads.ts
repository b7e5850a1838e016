import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type S3Client,
} from '@aws-sdk/client-s3';

/** S3's own lower limit, for all parts but the last. */
const PART_BYTES = 5 * 1024 * 1024;

export interface Uploaded {
  readonly etag: string;
  readonly versionId: string | undefined;
}

/** How an object is uploaded: in one piece, or in parts; with which checksum. */
export type UploadWay = 'CRC64NVME' | 'CRC32' | 'CRC32C' | 'SHA256' | 'parts CRC64NVME' | 'parts CRC32';

/** Uploads with the AWS SDK alone: nothing of it is Telltale's own. */
export class Uploads {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
  ) {}

  async put(key: string, stored: Buffer, way: UploadWay): Promise<Uploaded> {
    switch (way) {
      case 'parts CRC64NVME':
        return await this.putInParts(key, stored, 'CRC64NVME', 'FULL_OBJECT');
      case 'parts CRC32':
        return await this.putInParts(key, stored, 'CRC32', 'COMPOSITE');
      default: {
        const target = { Bucket: this.bucket, Key: key, Body: stored, ChecksumAlgorithm: way };
        const { ETag, VersionId } = await this.client.send(new PutObjectCommand(target));
        return { etag: ETag ?? '', versionId: VersionId };
      }
    }
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  private async putInParts(
    key: string,
    stored: Buffer,
    ChecksumAlgorithm: ChecksumAlgorithm,
    type: ChecksumType,
  ): Promise<Uploaded> {
    const target = { Bucket: this.bucket, Key: key };
    const begin = new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm, ChecksumType: type });
    const { UploadId } = await this.client.send(begin);
    const Parts = [];
    for (let from = 0; from === 0 || from < stored.length; from += PART_BYTES) {
      const Body = stored.subarray(from, from + PART_BYTES);
      const PartNumber: number = Parts.length + 1;
      const part = new UploadPartCommand({ ...target, UploadId, PartNumber, Body, ChecksumAlgorithm });
      const { ETag, ChecksumCRC32, ChecksumCRC64NVME } = await this.client.send(part);
      Parts.push({ PartNumber, ETag, ChecksumCRC32, ChecksumCRC64NVME });
    }
    const complete = { ...target, UploadId, MultipartUpload: { Parts }, ChecksumType: type };
    const { ETag, VersionId } = await this.client.send(new CompleteMultipartUploadCommand(complete));
    return { etag: ETag ?? '', versionId: VersionId };
  }
}
